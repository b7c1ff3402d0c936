"""What judges pages: axe for accessibility, the Nu checker for HTML, Lighthouse for all that Google looks at.

They are JavaScript and Java and come from npm: `npm install` in this folder puts them here.
"""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.conftest import CHROMIUM

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
MISSING = (
    "The checkers of pages are not installed: run `npm install --no-package-lock --ignore-scripts` in tests/browser."
)
# What keeps somebody from using a page; the rest is advice.
GRAVE = {"serious", "critical"}


def require() -> None:
    """Without the checkers a test is skipped, but never in CI."""
    if not MODULES.is_dir():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(MISSING)


def faults_for_people(page: Page) -> list[str]:
    """What axe finds on the page that is open, as far as it is grave: the rule and the elements."""
    page.evaluate(_axe())
    found: dict[str, Any] = page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        f"{fault['id']}: {node['target']} {node.get('failureSummary', '')}"
        for fault in found["violations"]
        if fault["impact"] in GRAVE
        for node in fault["nodes"]
    ]


def faults_of_html(files: Sequence[Path]) -> list[str]:
    """What the Nu checker calls an error in these files."""
    command = ["java", "-jar", str(MODULES / "vnu-jar/build/dist/vnu.jar"), "--errors-only", "--format", "gnu"]
    run = subprocess.run([*command, *map(str, files)], capture_output=True, text=True, check=False, timeout=300)
    return run.stderr.splitlines()


def lighthouse(pages: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Lighthouse's scores of pages, each given by its address, the categories to judge and the headers to send."""
    done = subprocess.run(
        ["node", str(HERE / "lighthouse.mjs")],
        input=json.dumps(pages),
        env=os.environ | {"CHROME_PATH": CHROMIUM or ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@cache
def _axe() -> str:
    return (MODULES / "axe-core/axe.min.js").read_text()
