"""The servers of `manage.py up` and of the tests: an embedded PostgreSQL and an embedded Valkey, kept in `.dibs`.

Several commands may use them at once. Each holds a shared lock on `users.lock`; whoever leaves last stops them. The
kernel drops a lock with its process, so after a `kill -9` the next command finds the servers unused and adopts them.
"""

import contextlib
import fcntl
import json
import os
import pwd
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shop.dev import places, processes
from shop.dev.bootstrap import CannotRun
from shop.dev.postgres import Postgres
from shop.dev.valkey import Valkey

FOLDERS = ("log", "mailbox", "media", "static", "beat")
KEPT_BY_FRESH = {"run.lock", "start.lock", "users.lock", "python", "test", "bench"}


class Services:
    """The servers and folders under one home. `durable=False` is for tests: fast, and nothing survives a power cut."""

    def __init__(self, home: Path, *, postgres: bool = True, valkey: bool = True, durable: bool = True) -> None:
        self.home, self.durable = home, durable
        self.wants_postgres, self.wants_valkey = postgres, valkey
        self.state_file = home / "servers.json"
        # Where the shop's pages are; None means wherever the latest `up` had them.
        self.web_port: int | None = None
        self.postgres: Postgres | None = None
        self.valkey: Valkey | None = None
        self._locks: dict[str, int] = {}

    # --- The home ---------------------------------------------------------------------------------------------

    def make_home(self) -> None:
        for folder in (self.home.parent, self.home):
            if folder.name.startswith(".dibs") or folder == self.home:
                self._make_folder(folder)
        for name in FOLDERS:
            (self.home / name).mkdir(mode=0o700, exist_ok=True)

    def _make_folder(self, folder: Path) -> None:
        try:
            folder.mkdir(exist_ok=True)
        except PermissionError:
            raise CannotRun(
                f"You may not write to {folder.parent}: copy the project to a folder of your own, or run as its owner."
            ) from None
        owner = folder.stat().st_uid
        if owner != os.geteuid():
            raise CannotRun(
                f"{folder} belongs to {user_name(owner)}: run this as that user, or let them remove the folder."
            )
        # The user that PostgreSQL runs as must be able to pass through, but not to look around.
        folder.chmod(0o711)

    def wipe(self) -> None:
        """Removes all state but not the programs. Refuses while somebody uses the servers."""
        with self._held("start.lock"):
            if not self._take("users.lock", fcntl.LOCK_EX | fcntl.LOCK_NB):
                raise CannotRun("Another command is using the demo's servers: let it end, then use --fresh again.")
            self._prepare()
            self._stop_servers()
            places.remove_place(self._state()["elsewhere"])
            for path in self.home.iterdir():
                if path.name not in KEPT_BY_FRESH:
                    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
            self._release("users.lock")
        self.make_home()

    # --- Locks ------------------------------------------------------------------------------------------------

    def claim(self, refusal: str) -> None:
        """Makes this process the only one of its kind in this home, until it ends."""
        if not self._take("run.lock", fcntl.LOCK_EX | fcntl.LOCK_NB):
            raise CannotRun(refusal)

    def _take(self, name: str, how: int) -> bool:
        if name not in self._locks:
            self._locks[name] = os.open(self.home / name, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(self._locks[name], how)
        except BlockingIOError:
            return False
        return True

    def _release(self, name: str) -> None:
        if name in self._locks:
            os.close(self._locks.pop(name))

    @contextlib.contextmanager
    def _held(self, name: str) -> Iterator[None]:
        self._take(name, fcntl.LOCK_EX)
        try:
            yield
        finally:
            self._release(name)

    # --- Starting and stopping --------------------------------------------------------------------------------

    def start(self) -> None:
        with self._held("start.lock"):
            self._prepare()
            try:
                self._ensure_running()
            except BaseException:
                self._stop_if_unused()
                raise
            self._take("users.lock", fcntl.LOCK_SH)

    def revive_if_dead(self) -> list[str]:
        """Starts again what has died; the names of what it was."""
        if all(server.is_alive() for server in (self.postgres, self.valkey) if server):
            return []
        with self._held("start.lock"):
            return self._ensure_running()

    def stop(self) -> None:
        with self._held("start.lock"):
            self._stop_if_unused()
        self._release("users.lock")

    def _stop_if_unused(self) -> None:
        if self._take("users.lock", fcntl.LOCK_EX | fcntl.LOCK_NB):
            self._stop_servers()

    def _stop_servers(self) -> None:
        for server in (self.postgres, self.valkey):
            if server:
                server.stop()
        self._remember()

    def _ensure_running(self) -> list[str]:
        started = []
        for name, server in (("PostgreSQL", self.postgres), ("Valkey", self.valkey)):
            if server and not server.is_running():
                server.stop()
                if processes.why_not_to_bind(server.port):
                    server.port = processes.free_port()
                server.start()
                started.append(name)
                self._remember()
        return started

    # --- What is kept between runs ----------------------------------------------------------------------------

    def _state(self) -> dict[str, Any]:
        fresh = {
            "home": str(self.home),
            "passwords": {name: secrets.token_urlsafe(24) for name in ("postgres", "dibs", "valkey")},
            "ports": {name: processes.free_port() for name in ("postgres", "valkey", "mail")} | {"web": 8000},
            "valkey": None,
            "elsewhere": None,
        }
        try:
            kept = json.loads(self.state_file.read_text())
        except (OSError, ValueError):
            return fresh
        # A folder that was copied speaks of the servers of the original: only its passwords are its own.
        return kept if kept.get("home") == str(self.home) else fresh | {"passwords": kept["passwords"]}

    def _prepare(self) -> None:
        state = self._state()
        ports, passwords = state["ports"], state["passwords"]
        if self.wants_postgres:
            place = places.find_place(self.home, state["elsewhere"])
            state["elsewhere"] = str(place.folder) if place.folder.parent != self.home else None
            log = self.home / "log" / "postgres.log"
            self.postgres = Postgres(place, log, ports["postgres"], passwords, durable=self.durable)
        if self.wants_valkey:
            proof = tuple(state["valkey"]) if state["valkey"] else None
            self.valkey = Valkey(self.home, ports["valkey"], passwords["valkey"], proof)
        ports["web"] = self.web_port or ports["web"]
        self.web_port, self.mail_port = ports["web"], ports["mail"]
        self._write(state)

    def _remember(self) -> None:
        state = self._state()
        if self.postgres:
            state["ports"]["postgres"] = self.postgres.port
        if self.valkey:
            state["ports"]["valkey"], state["valkey"] = self.valkey.port, self.valkey.proof
        self._write(state)

    def _write(self, state: dict[str, Any]) -> None:
        new = self.state_file.with_suffix(".new")
        with open(os.open(new, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            json.dump(state, file, indent=1)
        new.replace(self.state_file)

    # --- What the shop reads ----------------------------------------------------------------------------------

    def environment(self) -> dict[str, str]:
        values = {"STATIC_ROOT": str(self.home / "static"), "MEDIA_ROOT": str(self.home / "media")}
        values["SITE_URL"] = f"http://localhost:{self.web_port}"
        if self.postgres:
            values["DATABASE_URL"] = self.postgres.url
        if self.valkey:
            values["REDIS_URL"] = self.valkey.url
        return values


def user_name(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"
