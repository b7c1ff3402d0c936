"""A shopper's browser, as light as it can be: it keeps a connection and cookies, follows redirects, fills in forms.

It shares the machine with the shop, so it reads pages with a few regular expressions and fetches no pictures or style
sheets, which a real browser has in its cache from the second page on.
"""

import re
from html import unescape
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import urlencode, urlsplit

_FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
_FIELD = re.compile(r"<(input|button)\b([^>]*)>")
_ATTRIBUTE = re.compile(r'([\w-]+)(?:="([^"]*)")?')
_TOKEN = "csrfmiddlewaretoken"
_REDIRECTS = {301, 302, 303}


class UnexpectedPage(Exception):
    """The shop did not answer with the page that a buyer expects."""


class Browser:
    """One visitor: no cookies at first. `requests` counts everything that was asked of the server."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self._host = f"127.0.0.1:{port}"
        self.requests = 0
        self.forget()

    def forget(self) -> None:
        """The next page is a new visitor's first."""
        self._cookies: dict[str, str] = {}
        self.path, self.page, self._etag = "", "", ""

    @property
    def asking_again(self) -> dict[str, str]:
        """The headers by which it asks whether the page that it has is still the one."""
        return {"If-None-Match": self._etag, "Cookie": self.cookie}

    @property
    def cookie(self) -> str:
        """The header by which the shop knows this visitor again."""
        return "; ".join(f"{name}={value}" for name, value in self._cookies.items())

    def get(self, path: str) -> str:
        return self._open("GET", path)

    def submit(self, action: str, **entered: str) -> str:
        """Send the form that leads to `action` as the page filled it in, with what the visitor entered."""
        return self._open("POST", action, self._filled_in(action) | entered)

    def _filled_in(self, action: str) -> dict[str, str]:
        for opening, content in _FORM.findall(self.page):
            own = _attributes(opening)
            if f'formaction="{action}"' in content or (
                own.get("method") == "post" and own.get("action", self.path) == action
            ):
                fields = [_attributes(field) | {"tag": tag} for tag, field in _FIELD.findall(content)]
                return {field["name"]: field.get("value", "on") for field in fields if _is_sent(field)}
        raise UnexpectedPage(f"{self.path} has no form for {action}.")

    def _open(self, method: str, path: str, fields: dict[str, str] | None = None) -> str:
        response = self._ask(method, path, fields)
        self.path = path
        if response.status in _REDIRECTS:
            target = urlsplit(response.headers["Location"])
            return self._open("GET", target.path + (f"?{target.query}" if target.query else ""))
        if response.status != 200:
            raise UnexpectedPage(f"{method} {path} answered with {response.status}.")
        return self.page

    def _ask(self, method: str, path: str, fields: dict[str, str] | None) -> HTTPResponse:
        headers = {"Host": self._host, "Accept": "text/html", "Origin": f"http://{self._host}"}
        if self._cookies:
            headers["Cookie"] = self.cookie
        if fields is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        body = urlencode(fields) if fields is not None else None
        response = self._exchange(method, path, body, headers)
        self.page = response.read().decode()
        self._etag = response.headers.get("ETag", "")
        self.requests += 1
        for cookie in response.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return response

    def _exchange(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> HTTPResponse:
        try:
            self._connection.request(method, path, body, headers)
            return self._connection.getresponse()
        except (HTTPException, ConnectionError):
            # The server closed a connection that was idle for too long; a browser opens another one.
            self._connection.close()
            self._connection.request(method, path, body, headers)
            return self._connection.getresponse()


def _attributes(tag: str) -> dict[str, str]:
    return {name: unescape(value) for name, value in _ATTRIBUTE.findall(tag)}


def _is_sent(field: dict[str, str]) -> bool:
    """What a browser sends of an untouched form; of its buttons only the one that carries the token is pressed."""
    if "name" not in field:
        return False
    if field["tag"] == "button":
        return field["name"] == _TOKEN
    return "checked" in field or field.get("type") not in {"checkbox", "radio", "submit"}
