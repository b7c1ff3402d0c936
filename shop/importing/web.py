"""GET of a picture from a public web server. Nothing inside the house can be reached with it.

A host name is resolved once, every address it has must be public, and the connection goes to exactly that address: a
name server that answers otherwise the second time gains nothing. A redirect is followed only within its host, and is
checked again.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from urllib.parse import SplitResult, urljoin, urlsplit

MOST_BYTES = 15_000_000
_TIMEOUT = 5
_LONGEST = 30
_REDIRECTS = 3
_BLOCK = 65_536
# IPv6 addresses that a gateway translates: the last four bytes are the IPv4 address behind.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

type MayReach = Callable[[str], bool]


class Unfetchable(Exception):
    """The picture cannot be had. `host_is_down` tells that the next one of this host will hardly do better."""

    def __init__(self, reason: str, *, host_is_down: bool = False) -> None:
        super().__init__(reason)
        self.host_is_down = host_is_down


def is_public(address: str) -> bool:
    """Is this an address of the open Internet, and not of this machine, its networks or a cloud's metadata server?"""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)))
        if ip.ipv4_mapped or ip.sixtofour or ip.teredo:
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def get(address: str, *, may_reach: MayReach = is_public) -> bytes:
    """The body of a 200, of at most MOST_BYTES; Unfetchable for anything else. `may_reach` judges IP addresses."""
    deadline = time.monotonic() + _LONGEST
    url = _checked(address)
    for _ in range(_REDIRECTS + 1):
        try:
            answer = _request(url, may_reach, deadline)
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise Unfetchable(f"{url.hostname} does not answer: {error}", host_is_down=True) from error
        if isinstance(answer, bytes):
            return answer
        target = _checked(urljoin(url.geturl(), answer))
        if target.hostname != url.hostname:
            raise Unfetchable(f"{url.hostname} sends elsewhere, to {target.hostname}")
        url = target
    raise Unfetchable(f"{url.hostname} redirects without end")


def _checked(address: str) -> SplitResult:
    try:
        url = urlsplit(address)
        url.port  # noqa: B018  # reading it is what checks it
    except ValueError:
        raise Unfetchable("not an address") from None
    if url.scheme not in ("http", "https") or not url.hostname or url.username is not None:
        raise Unfetchable("not a plain http or https address")
    return url


def _request(url: SplitResult, may_reach: MayReach, deadline: float) -> bytes | str:
    """The body, or the address that the server sends on to."""
    connection = _connect(url, may_reach)
    # A server that sends a byte now and then never runs into the socket's timeout.
    alarm = threading.Timer(deadline - time.monotonic(), _cut, [connection.sock])
    alarm.daemon = True
    alarm.start()
    try:
        path = f"{url.path or '/'}{'?' + url.query if url.query else ''}"
        connection.request("GET", _ascii(path), headers={"Accept": "image/*", "User-Agent": "Dibs catalog import"})
        response = connection.getresponse()
        if response.status in (301, 302, 303, 307, 308):
            return response.getheader("Location", "")
        if response.status != 200:
            raise Unfetchable(f"{url.hostname} answers {response.status}", host_is_down=response.status >= 500)
        return _body(response, deadline)
    finally:
        alarm.cancel()
        connection.close()


def _connect(url: SplitResult, may_reach: MayReach) -> http.client.HTTPConnection:
    host, port = str(url.hostname), url.port or (443 if url.scheme == "https" else 80)
    address = _address(host, port, may_reach)
    sock = socket.create_connection((address, port), timeout=_TIMEOUT)
    if url.scheme == "http":
        connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT)
        connection.sock = sock
        return connection
    try:
        secured = _tls().wrap_socket(sock, server_hostname=host)
    except OSError:
        sock.close()
        raise
    connection = http.client.HTTPSConnection(host, port, timeout=_TIMEOUT, context=_tls())
    connection.sock = secured
    return connection


def _address(host: str, port: int, may_reach: MayReach) -> str:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unfetchable(f"{host} is not known", host_is_down=True) from error
    addresses = [str(place[4][0]) for place in found]
    if not addresses or not all(may_reach(address) for address in addresses):
        raise Unfetchable(f"{host} is not a public address", host_is_down=True)
    return addresses[0]


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _cut(sock: socket.socket) -> None:
    # Past SSLSocket's own shutdown, which would take the encryption away under the reading thread.
    with suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _body(response: http.client.HTTPResponse, deadline: float) -> bytes:
    blocks, size = [], 0
    while block := response.read1(_BLOCK):
        size += len(block)
        if size > MOST_BYTES:
            raise Unfetchable(f"larger than {MOST_BYTES // 1_000_000} MB")
        blocks.append(block)
    if time.monotonic() > deadline:
        raise Unfetchable(f"takes longer than {_LONGEST} seconds", host_is_down=True)
    return b"".join(blocks)


def _ascii(path: str) -> str:
    """Letters beyond ASCII as the percent signs that servers expect."""
    return "".join(
        letter if "!" <= letter <= "~" else "".join(f"%{byte:02X}" for byte in letter.encode()) for letter in path
    )
