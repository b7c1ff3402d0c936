"""The embedded PostgreSQL: a data folder of ours, on loopback over TCP, behind passwords.

TCP and not a socket file, because the path of a socket ends at 107 bytes and a project folder may be deeper.
"""

import signal
import subprocess
import time
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from shop.dev import processes
from shop.dev.bootstrap import CannotRun, disk_full, is_disk_full
from shop.dev.places import Place

PATIENCE = 60
# A server that was killed leaves its children behind for a moment, and nobody else may use its data meanwhile.
_OTHERS_STILL_LEAVE = "pre-existing shared memory block"
OWNER = "dibs"
ALWAYS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "300",
    "log_line_prefix": "%m [%p] ",
}
# A test database is thrown away, so nothing of it needs to survive a power cut.
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres:
    """`port` and `passwords` (of the roles postgres and dibs) are kept by the caller."""

    def __init__(self, place: Place, log: Path, port: int, passwords: dict[str, str], *, durable: bool) -> None:
        self.place, self.log, self.port, self.passwords, self.durable = place, log, port, passwords, durable
        self.data = place.folder / "data"

    @property
    def url(self) -> str:
        return f"postgres://{OWNER}:{self.passwords[OWNER]}@127.0.0.1:{self.port}/{OWNER}"

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="postgres",
            password=self.passwords["postgres"],
            dbname="postgres",
            connect_timeout=3,
            autocommit=True,
        )

    def answers(self) -> bool:
        """SCRAM proves both sides: only a server that holds our password's verifier can answer."""
        return self.why_no_answer() is None

    def why_no_answer(self) -> str | None:
        try:
            self.connect().close()
        except psycopg.Error as error:
            return str(error)
        return None

    def postmaster(self) -> psutil.Process | None:
        """The server of this data folder. Its pid file alone proves nothing: the number may be another's by now."""
        try:
            process = psutil.Process(int((self.data / "postmaster.pid").read_text().split()[0]))
            return process if str(self.data) in process.cmdline() else None
        except (OSError, ValueError, IndexError, psutil.Error):
            return None

    def is_alive(self) -> bool:
        return self.postmaster() is not None

    def is_running(self) -> bool:
        return self.is_alive() and self.answers()

    def start(self) -> None:
        self.stop()
        if not self.data.exists():
            self.initialise()
        self.forget_strangers_pid()
        settings = ALWAYS | ({} if self.durable else FORGETFUL)
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        deadline = time.monotonic() + PATIENCE
        server = self.launch(options)
        while reason := self.why_no_answer():
            if "password authentication failed" in reason:
                self.stop()
                raise CannotRun(f"The passwords of {self.data} are lost: run `python3 manage.py up --fresh`.")
            has_died = server.poll() is not None
            if has_died and _OTHERS_STILL_LEAVE in processes.last_lines(self.log, 4) and time.monotonic() < deadline:
                server, has_died = self.launch(options), False
            if has_died or time.monotonic() > deadline:
                self.refuse(processes.last_lines(self.log, 40))
            time.sleep(0.05)
        self.make_owner()

    def launch(self, options: list[str]) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as log:
            return self.place.popen("postgres", ["-D", str(self.data), "-p", str(self.port), *options], log)

    def initialise(self) -> None:
        """Into a folder of another name first, so that a half-made cluster is never taken for a whole one."""
        unfinished = self.place.empty_folder("unfinished")
        password = self.place.private_file("password", self.passwords["postgres"])
        locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        access = ["--username=postgres", "--auth=scram-sha-256", f"--pwfile={password}"]
        speed = [] if self.durable else ["--no-sync"]
        try:
            done = self.place.popen("initdb", ["-D", str(unfinished), *locale, *access, *speed], subprocess.PIPE)
            output = done.communicate()[0].decode(errors="replace")
        finally:
            password.unlink()
        if done.returncode:
            self.refuse(output)
        unfinished.rename(self.data)

    def forget_strangers_pid(self) -> None:
        """PostgreSQL will not start while the number in its old pid file is some other living process of its user."""
        pid_file = self.data / "postmaster.pid"
        if pid_file.exists() and psutil.pid_exists(int(pid_file.read_text().split()[0])) and not self.postmaster():
            pid_file.unlink()

    def make_owner(self) -> None:
        """The shop's role may make databases (the tests do) but is no superuser: it reads no files of the machine."""
        role, password = sql.Identifier(OWNER), sql.Literal(self.passwords[OWNER])
        with self.connect() as connection:
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [OWNER]).fetchone():
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(role))
            connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, password))
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [OWNER]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(role, role))

    def stop(self) -> None:
        if postmaster := self.postmaster():
            # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients to leave.
            processes.stop(postmaster, sign=signal.SIGINT, patience=20)

    def refuse(self, output: str) -> None:
        self.stop()
        if is_disk_full(output):
            raise CannotRun(disk_full())
        lines = "\n".join(output.splitlines()[-8:])
        raise CannotRun(f"PostgreSQL did not start, these are its last lines:\n{lines}")
