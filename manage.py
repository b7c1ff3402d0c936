#!/usr/bin/env python3
"""Dibs' one command: `python3 manage.py up`, `python3 manage.py test`, or any Django command.

This file alone must parse on every Python since 2.7, so that a Python that is too old can look for a newer one.
"""

from __future__ import print_function

import glob
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.abspath(__file__))
OLDEST = (3, 12)
NEWEST_FIRST = ("3.13", "3.14", "3.12", "3.15")
PROBE = "import sys; sys.exit(not ((3, 12) <= sys.version_info and sys.implementation.name == 'cpython'))"


def main():
    if sys.platform.startswith("win"):
        sys.exit("Dibs does not run on Windows itself: use it inside WSL (Windows Subsystem for Linux).")
    if sys.version_info < OLDEST:
        run_with_newer_python()
    sys.path.insert(0, ROOT)
    from shop.dev import bootstrap

    bootstrap.run(sys.argv)


def run_with_newer_python():
    for python in newer_pythons():
        if is_new_enough(python):
            sys.stdout.flush()
            os.execv(python, [python, os.path.join(ROOT, "manage.py")] + sys.argv[1:])
    sys.exit(
        "Dibs needs Python 3.12 or newer, this is %d.%d and no newer one was found on PATH, in pyenv or through uv: "
        "install one, for example from python.org, and run it with that." % sys.version_info[:2]
    )


def newer_pythons():
    """Candidates in the order in which they are tried; the last resort lets uv download one into .dibs."""
    yield os.path.join(ROOT, ".venv", "bin", "python")
    folders = [folder for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    for name in ["python" + version for version in NEWEST_FIRST] + ["python3"]:
        for folder in folders:
            yield os.path.join(folder, name)
    pyenv = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    for version in NEWEST_FIRST:
        for python in sorted(glob.glob(os.path.join(pyenv, "versions", version + ".*", "bin", "python"))):
            yield python
    for folder in folders:
        uv = os.path.join(folder, "uv")
        if os.access(uv, os.X_OK):
            yield found_by_uv(uv, "find")
            print("No Python 3.12 or newer here: asking uv for one.")
            found_by_uv(uv, "install")
            yield found_by_uv(uv, "find")


def found_by_uv(uv, action):
    wanted = ">=3.12" if action == "find" else NEWEST_FIRST[0]
    home = dict(os.environ, UV_PYTHON_INSTALL_DIR=os.path.join(ROOT, ".dibs", "python"))
    with open(os.devnull, "w") as nowhere:
        # That it finds none is no news; why it cannot install one is.
        errors = nowhere if action == "find" else None
        try:
            child = subprocess.Popen(
                [uv, "python", action, wanted], stdout=subprocess.PIPE, stderr=errors, env=home, cwd="/"
            )
        except OSError:
            return ""
        return child.communicate()[0].decode("utf-8", "replace").strip()


def is_new_enough(python):
    """Asks the interpreter itself: a pyenv shim carries the name of a version that may not be switched on."""
    if not os.access(python, os.X_OK):
        return False
    with open(os.devnull, "w") as nowhere:
        try:
            return subprocess.call([python, "-c", PROBE], stdout=nowhere, stderr=nowhere) == 0
        except OSError:
            return False


if __name__ == "__main__":
    main()
