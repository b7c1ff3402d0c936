"""The way from a bare Python to a running command: what it finds, repairs and refuses."""

import ast
import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from shop.dev import bootstrap, launch, processes
from shop.dev import services as servers
from shop.dev.bootstrap import ROOT, CannotRun
from shop.dev.services import Services
from shop.dev.supervisor import Child, Supervisor
from shop.management.commands.test import parallel
from shop.management.commands.up import check_port
from tests.environment import valkey_of_worker
from tests.processes import wait_for


def pins(path: Path) -> set[str]:
    return {line.split(" ")[0].lower() for line in path.read_text().splitlines() if "==" in line.split(" ")[0]}


@pytest.fixture
def venv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A real, empty .venv in a project folder with spaces in its path, and one requirements file."""
    root = tmp_path / "my own dibs"
    root.mkdir()
    (root / "requirements.txt").write_text("# nothing\n")
    for name, path in {
        "ROOT": "",
        "VENV": ".venv",
        "PYTHON": ".venv/bin/python",
        "RUNTIME": "requirements.txt",
    }.items():
        monkeypatch.setattr(bootstrap, name, root / path)
    monkeypatch.setattr(bootstrap, "STAMP", root / ".venv" / "dibs-requirements")
    bootstrap.make_venv(bootstrap.RUNTIME)
    return root / ".venv"


def test_a_made_venv_is_known_as_installed_until_the_requirements_change(venv: Path) -> None:
    assert bootstrap.is_installed(bootstrap.RUNTIME)

    bootstrap.RUNTIME.write_text("# something else\n")

    assert not bootstrap.is_installed(bootstrap.RUNTIME)


def test_a_venv_whose_python_is_gone_is_made_again(venv: Path) -> None:
    (venv / "bin" / "python").unlink()
    (venv / "bin" / "python").symlink_to("/nonexistent/python")

    bootstrap.make_venv(bootstrap.RUNTIME)

    assert bootstrap.works(bootstrap.PYTHON)


def test_a_venv_whose_installation_was_cut_short_is_made_again(venv: Path) -> None:
    (venv / "half a package").touch()
    bootstrap.STAMP.write_text(bootstrap.UNFINISHED)

    bootstrap.make_venv(bootstrap.RUNTIME)

    assert not (venv / "half a package").exists()
    assert bootstrap.is_installed(bootstrap.RUNTIME)


def test_a_full_disk_is_one_sentence_also_when_pip_reports_it() -> None:
    complaint = f"import sys; print('ERROR: {os.strerror(errno.ENOSPC)}'); sys.exit(1)"

    with pytest.raises(CannotRun, match=r"^The disk is full: free about 1 GB"):
        bootstrap.step([sys.executable, "-c", complaint], "install")


def test_the_tests_requirements_cover_the_runtime() -> None:
    assert pins(ROOT / "requirements.txt") <= pins(ROOT / "tests" / "requirements.txt")


def test_manage_py_has_no_syntax_that_an_old_python_refuses() -> None:
    newer = (ast.JoinedStr, ast.NamedExpr, ast.AnnAssign, ast.AsyncFunctionDef, ast.Match, ast.YieldFrom, ast.Nonlocal)
    tree = ast.parse((ROOT / "manage.py").read_text(), feature_version=(3, 7))

    assert [node.lineno for node in ast.walk(tree) if isinstance(node, newer)] == []
    assert [node.lineno for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.returns] == []


def test_a_bare_python_reads_the_bootstrap_without_any_package() -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-E", "-c", "import shop.dev.bootstrap"], cwd=ROOT, capture_output=True
    )

    assert done.returncode == 0, done.stderr


def test_a_taken_port_is_one_sentence_that_names_the_option() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(CannotRun, match=rf"^Port {port} is taken .* `--port {port + 1}`\.$"):
            check_port(port)


TWO = ["-n", "2", "--dist", "worksteal"]


@pytest.mark.parametrize(("arguments", "expected"), [([], TWO), (["-k", "queue"], TWO), (["-n0"], []), (["--pdb"], [])])
def test_two_workers_unless_the_caller_has_an_opinion(
    arguments: list[str], expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)

    assert parallel(arguments) == expected


def test_every_worker_has_a_valkey_database_of_its_own() -> None:
    url = "redis://:secret@localhost:6379/1"

    assert [valkey_of_worker(url, worker) for worker in ("", "gw0", "gw1")] == [url, url, url[:-1] + "9"]


def test_a_home_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".dibs").mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)

    with pytest.raises(CannotRun, match="belongs to"):
        Services(tmp_path / ".dibs").make_home()


def test_only_one_runs_in_a_home(tmp_path: Path) -> None:
    first, second = Services(tmp_path / ".dibs"), Services(tmp_path / ".dibs")
    first.make_home()
    first.claim("already")

    with pytest.raises(CannotRun, match="already"):
        second.claim("already")


@pytest.mark.slow
def test_servers_start_answer_survive_a_kill_and_stop(tmp_path: Path) -> None:
    home = tmp_path / ("a deep folder " * 8) / ".dibs"
    home.parent.mkdir()
    services = Services(home, durable=False)
    services.make_home()
    services.start()
    try:
        assert services.postgres
        assert services.valkey
        assert (services.postgres.is_running(), services.valkey.is_running()) == (True, True)
        assert (home / "servers.json").stat().st_mode & 0o777 == 0o600

        postmaster = services.postgres.postmaster()
        assert postmaster
        postmaster.kill()
        wait_for(lambda: not services.postgres.is_alive(), what="the killed server to be gone")  # type: ignore[union-attr]

        assert services.revive_if_dead() == ["PostgreSQL"]
        assert services.postgres.answers()
    finally:
        services.stop()
    assert services.postgres.postmaster() is None
    assert services.valkey.proof is None


@pytest.mark.slow
def test_servers_that_a_killed_run_left_are_adopted_and_stopped(tmp_path: Path) -> None:
    killed, next_one = Services(tmp_path / ".dibs", durable=False), Services(tmp_path / ".dibs", durable=False)
    killed.make_home()
    killed.start()
    killed._release("users.lock")  # what the kernel does for a killed process

    next_one.start()
    assert next_one.postgres
    same = (killed.postgres.postmaster(), next_one.postgres.postmaster())  # type: ignore[union-attr]
    next_one.stop()

    assert same[0] == same[1] is not None
    assert next_one.postgres.postmaster() is None


def test_a_copied_home_lays_no_hand_on_the_servers_of_the_original(tmp_path: Path) -> None:
    home = tmp_path / "copy" / ".dibs"
    services = Services(home)
    home.parent.mkdir()
    services.make_home()
    state = services._state() | {"home": "/somewhere/else/.dibs", "valkey": list(processes.proof_of(os.getpid()))}
    services._write(state)

    assert services._state()["valkey"] is None
    assert services._state()["passwords"] == state["passwords"]


def test_orphans_are_stopped_only_when_they_are_proved_to_be_ours(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path / "children.json")
    child = Child("sleeper", [sys.executable, "-c", "import signal; signal.pause()"], tmp_path / "log")
    supervisor.start(child)
    assert child.process
    mine = processes.proof_of(os.getpid())
    stranger = (mine[0], mine[1] - 3600)
    recorded = supervisor.record.read_text().replace('"children": [', f'"children": [[{stranger[0]}, {stranger[1]}], ')
    supervisor.record.write_text(recorded)

    assert Supervisor(supervisor.record).clear_orphans() == 1
    wait_for(child.has_died, what="the orphan to end")


def test_the_user_of_a_number_without_a_name_is_still_told() -> None:
    assert servers.user_name(987_654) == "user 987654"


def test_what_the_environment_says_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITE_URL", "https://mine.example")
    monkeypatch.setenv("DIBS_MODE", "test")

    launch.use({"SITE_URL": "http://localhost:8000"}, mode="test")

    assert os.environ["SITE_URL"] == "https://mine.example"
