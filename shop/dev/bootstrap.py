"""From a bare Python to the project's own: finds or makes `.venv`, then runs the command in it.

Standard library only. Whatever stands in the way is a `CannotRun`, one sentence that says what to do.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "dibs-requirements"
# What each kind of command needs; tests/requirements.txt holds everything that requirements.txt does.
RUNTIME = ROOT / "requirements.txt"
DEVELOPMENT = ROOT / "tests" / "requirements.txt"
UNFINISHED = "unfinished"
REFUSED = 2


class CannotRun(Exception):
    """The sentence to show instead of a traceback."""


def say(sentence: str) -> None:
    print(sentence, flush=True)


def run(argv: list[str]) -> None:
    """Runs `manage.py <argv>` in the right Python; ends the process when that is another one."""
    command = argv[1] if len(argv) > 1 else "help"
    try:
        if needs_other_python(command):
            make_venv(DEVELOPMENT if command == "test" else RUNTIME)
            os.execv(PYTHON, [str(PYTHON), str(ROOT / "manage.py"), *argv[1:]])
        from shop.dev import launch

        launch.run(command, argv)
    except CannotRun as refusal:
        refuse(str(refusal))
    except OSError as error:
        if is_disk_full(str(error)):
            refuse(disk_full())
        raise
    except KeyboardInterrupt:
        refuse("Stopped.", code=130)


def refuse(sentence: str, code: int = REFUSED) -> NoReturn:
    print(sentence, file=sys.stderr, flush=True)
    sys.exit(code)


def needs_other_python(command: str) -> bool:
    """True unless this very interpreter is the one that the command should run in, with all it needs installed."""
    inside = VENV.exists() and os.path.samefile(sys.prefix, VENV)
    if command in {"up", "test"}:
        return not inside or not is_installed(DEVELOPMENT if command == "test" else RUNTIME)
    if PYTHON.exists():
        return not inside
    # A container has its packages in its own Python and no .venv.
    return find_spec("django") is None


# --- Making .venv -----------------------------------------------------------------------------------------


def make_venv(requirements: Path) -> None:
    if is_installed(requirements) and works(PYTHON):
        return
    ask_for_a_folder_of_ours()
    with one_at_a_time():
        if is_installed(requirements) and works(PYTHON):
            return
        if was_interrupted() or not works(PYTHON, "-c", "import sys; sys.exit(sys.version_info < (3, 12))"):
            create()
        STAMP.write_text(UNFINISHED)
        install(requirements)
        STAMP.write_text("\n".join(sorted(digests(requirements))) + "\n")


def digests(requirements: Path) -> set[str]:
    covered = {RUNTIME, requirements}
    return {hashlib.sha256(path.read_bytes()).hexdigest() for path in covered}


def is_installed(requirements: Path) -> bool:
    try:
        return digests(requirements) <= set(STAMP.read_text().split())
    except OSError:
        return False


def was_interrupted() -> bool:
    """True if an installation was cut short: pip takes a half-written package for an installed one."""
    return STAMP.exists() and STAMP.read_text() == UNFINISHED


def works(python: Path, *arguments: str) -> bool:
    try:
        return subprocess.run([python, *(arguments or ("-c", ""))], capture_output=True).returncode == 0
    except OSError:
        return False


def ask_for_a_folder_of_ours() -> None:
    for folder in (VENV if VENV.exists() else ROOT, ROOT):
        if not os.access(folder, os.W_OK):
            raise CannotRun(
                f"You may not write to {folder}: copy the project to a folder of your own, or run this as its owner."
            )


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Two first starts at once would install into one another's half-made .venv."""
    descriptor = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def create() -> None:
    if VENV.exists():
        say("The .venv folder is half-made or broken: making it again.")
        shutil.rmtree(VENV) if not VENV.is_symlink() else VENV.unlink()
    say(f"Making .venv with Python {sys.version_info[0]}.{sys.version_info[1]} ...")
    if uv := shutil.which("uv"):
        step([uv, "venv", "--quiet", "--no-project", "--python", sys.executable, str(VENV)], "make .venv")
    elif find_spec("ensurepip"):
        step([sys.executable, "-m", "venv", str(VENV)], "make .venv")
    elif find_spec("virtualenv"):
        step([sys.executable, "-m", "virtualenv", "--quiet", str(VENV)], "make .venv")
    else:
        raise CannotRun(
            f"This Python cannot make virtual environments: install its venv package "
            f"(on Debian and Ubuntu: apt install python{sys.version_info[0]}.{sys.version_info[1]}-venv) and try again."
        )


def install(requirements: Path) -> None:
    uv = shutil.which("uv")
    if not uv and not works(PYTHON, "-m", "pip", "--version"):
        step([str(PYTHON), "-m", "ensurepip", "--upgrade"], "install pip into .venv")
    say(f"Installing what {requirements.relative_to(ROOT)} lists (a minute or two the first time) ...")
    by_pip = [str(PYTHON), "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    installer = [uv, "pip", "install", "--python", str(PYTHON)] if uv else by_pip
    step([*installer, "--require-hashes", "-r", str(requirements)], f"install {requirements.relative_to(ROOT)}")


def step(command: list[str], what: str) -> None:
    """Runs a slow helper quietly; its last lines are shown only if it fails."""
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    if done.returncode == 0:
        return
    if is_disk_full(done.stdout):
        raise CannotRun(disk_full())
    print("\n".join(done.stdout.splitlines()[-12:]), file=sys.stderr)
    raise CannotRun(f"Could not {what} (its last lines are above): put that right and run the command again.")


def is_disk_full(text: str) -> bool:
    return any(sign in text for sign in ("No space left on device", "Errno 28", "os error 28", "Disk quota exceeded"))


def disk_full() -> str:
    return f"The disk is full: free about 1 GB where {ROOT} and your temporary folder are, then run the command again."
