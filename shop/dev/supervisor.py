"""Keeps the demo's processes running: starts them, notices when one dies, stops all of them."""

import json
import os
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

import psutil

from shop.dev import processes
from shop.dev.bootstrap import ROOT, CannotRun, say

# A process that dies this often within a minute will not get better by itself.
TOO_OFTEN = 3
MINUTE = 60.0


class Child:
    def __init__(self, name: str, command: list[str], log: Path) -> None:
        self.name, self.command, self.log = name, command, log
        self.process: subprocess.Popen[bytes] | None = None
        self.deaths: deque[float] = deque(maxlen=TOO_OFTEN)

    def start(self) -> None:
        with self.log.open("wb") as log:
            # Its own session: Ctrl-C in the terminal reaches only us, and we stop the children in order.
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=ROOT,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
            )

    def has_died(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def report_death(self) -> None:
        assert self.process
        how = describe_exit(self.process.returncode)
        say(f"The {self.name} stopped ({how}). The end of {self.log}:\n{processes.last_lines(self.log)}")
        processes.kill_group(self.process.pid)
        self.deaths.append(time.monotonic())

    def is_hopeless(self) -> bool:
        return len(self.deaths) == TOO_OFTEN and self.deaths[-1] - self.deaths[0] < MINUTE


def describe_exit(code: int) -> str:
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"


class Supervisor:
    """The children's process ids are kept in `record`, so that a run after a `kill -9` can clear them away."""

    def __init__(self, record: Path) -> None:
        self.record = record
        self.children: list[Child] = []

    def start(self, child: Child) -> None:
        if child not in self.children:
            self.children.append(child)
        child.start()
        self._remember()

    def restart_the_dead(self) -> None:
        for child in self.children:
            if child.has_died():
                child.report_death()
                if child.is_hopeless():
                    raise CannotRun(f"The {child.name} does not stay up: see {child.log}.")
                say(f"Starting the {child.name} again.")
                self.start(child)

    def stop(self) -> None:
        """In reverse order, all asked at once, so that the slowest one sets the time."""
        running = [child for child in reversed(self.children) if child.process and child.process.poll() is None]
        for child in running:
            assert child.process
            child.process.terminate()
        for child in running:
            assert child.process
            try:
                child.process.wait(12)
            except subprocess.TimeoutExpired:
                say(f"The {child.name} does not stop by itself: killing it.")
            # Also those of its group that outlived it.
            processes.kill_group(child.process.pid)
            child.process.wait(5)
        self.record.unlink(missing_ok=True)

    def clear_orphans(self) -> int:
        """Stops what a killed earlier run left behind: only processes that are proved to be its own. How many."""
        try:
            kept = json.loads(self.record.read_text())
        except (OSError, ValueError):
            return 0
        found = [] if kept["home"] != str(self.record.parent) else [processes.find(proof) for proof in kept["children"]]
        orphans = [process for process in found if process]
        processes.stop_all(orphans, patience=5)
        self.record.unlink()
        return len(orphans)

    def _remember(self) -> None:
        pids = [child.process.pid for child in self.children if child.process]
        proofs = [processes.proof_of(pid) for pid in pids if psutil.pid_exists(pid)]
        new = self.record.with_suffix(".new")
        new.write_text(json.dumps({"home": str(self.record.parent), "children": proofs}))
        new.replace(self.record)


def python(module: str, *arguments: str) -> list[str]:
    """As a module and not by its script: the first line of a script breaks in a deep folder or one with spaces."""
    return [sys.executable, "-m", module, *arguments]
