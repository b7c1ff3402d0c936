"""Small tools around operating system processes and ports, for the servers that `manage.py` starts itself."""

import contextlib
import errno
import os
import signal
import socket
from pathlib import Path

import psutil

# psutil derives a start time from the boot time, which moves a little when the clock is set.
CLOCK_SLACK = 5.0

type Proof = tuple[int, float]


def proof_of(pid: int) -> Proof:
    """What names a process for good: process ids are used again, but not with the same start time."""
    return pid, psutil.Process(pid).create_time()


def find(proof: Proof) -> psutil.Process | None:
    """The process that was started under this proof, if it still runs."""
    pid, created = proof
    try:
        process = psutil.Process(pid)
        alive = process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        return process if alive and abs(process.create_time() - created) < CLOCK_SLACK else None
    except psutil.Error:
        return None


def stop(process: psutil.Process, *, sign: int = signal.SIGTERM, patience: float = 10) -> None:
    """Asks politely, waits `patience` seconds, then kills the process with everything in its group."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(sign)
        try:
            process.wait(patience)
        except psutil.TimeoutExpired:
            kill_group(process.pid)
            with contextlib.suppress(psutil.TimeoutExpired):
                process.wait(5)


def family(pid: int) -> list[psutil.Process]:
    """All descendants of a process, wherever they have moved to."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def stop_all(leaders: list[psutil.Process], *, patience: float) -> None:
    """Asks all at once and waits for all together; what is left of their groups is killed."""
    for leader in leaders:
        with contextlib.suppress(psutil.NoSuchProcess):
            leader.terminate()
    psutil.wait_procs(leaders, timeout=patience)
    for leader in leaders:
        kill_group(leader.pid)
    psutil.wait_procs(leaders, timeout=patience)


def kill_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def last_lines(log: Path, count: int = 8) -> str:
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
    except OSError:
        return ""


def why_not_to_bind(port: int) -> OSError | None:
    """The reason why nothing can listen on this port of localhost, in either address family; None if all is well."""
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((address, port))
        except OSError as error:
            # A machine without IPv6 has no ::1, and nobody can be listening there.
            if family == socket.AF_INET or isinstance(error, PermissionError) or error.errno == errno.EADDRINUSE:
                return error
    return None


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
