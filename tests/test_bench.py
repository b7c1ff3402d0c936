"""`manage.py bench` at a tiny scale: every row is measured, and nothing is left behind."""

import os
import shutil
import subprocess
import sys

import psycopg
import pytest

from shop.bench.catalogue import ROWS
from shop.bench.rows import MEASURES
from shop.bench.table import Beside, Figure, Outcome, Target, lines
from shop.bench.timing import Times
from shop.dev.bootstrap import ROOT
from tests.browser.tools import MODULES
from tests.conftest import CHROMIUM


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "manage.py"), "bench", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | {"DIBS_MODE": "test"}, timeout=600)


def databases() -> set[str]:
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        return {name for (name,) in connection.execute("SELECT datname FROM pg_database WHERE datname ~ '^dibs_bench'")}


def rows() -> list[str]:
    """All of them; outside CI without those whose tools are nowhere on the machine."""
    tools = {"look": shutil.which("wrk"), "lighthouse": CHROMIUM and MODULES.is_dir()}
    return [name for name in ROWS if tools.get(name, True) or os.environ.get("CI") == "true"]


@pytest.mark.slow
def test_every_row_is_measured_and_nothing_is_left_behind():
    before = databases()

    done = bench(*rows(), "--scale", "0.002")

    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert [name for name in rows() if f"\n{name}: " not in done.stdout] == []
    assert "VIOLATED" not in done.stdout
    assert databases() <= before
    assert not (ROOT / ".dibs" / "bench").exists()


def test_every_row_of_the_catalogue_has_its_measure():
    assert [*MEASURES] == [*ROWS]


def test_the_list_needs_no_server():
    done = bench("--list")

    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == [*ROWS]


@pytest.mark.parametrize(("arguments", "word"), [(["nonsense"], "nonsense"), (["--scale", "0"], "'0'")])
def test_a_wrong_argument_is_refused_before_a_server_starts(arguments, word):
    done = bench(*arguments)

    assert done.returncode == 2
    assert word in done.stderr
    assert "Starting" not in done.stdout


def test_a_target_is_held_against_the_figure_or_against_its_ratio_to_the_reference():
    figures = [
        Figure("order", 5, "ms", Beside("bare SQL", 2), Target(4)),
        Figure("rate", 300, "/s", Beside("bare SQL", 1000), Target(0.25, at_most=False, of_ratio=True)),
    ]

    order, rate = lines("place", Outcome(figures), judged=True)

    assert " ".join(order.split()) == "place: order 5 ms bare SQL 2 ms 2.50 ≤ 4 ms NOT MET"
    assert " ".join(rate.split()) == "rate 300 /s bare SQL 1,000 /s 0.30 ratio ≥ 0.25 met"


def test_what_is_broken_is_said_and_a_long_list_is_cut():
    told = list(lines("hot", Outcome((), (), [f"unit {n}" for n in range(7)]), judged=True))

    assert told == [*(f"    VIOLATED: unit {n}" for n in range(5)), "    and 2 more of that kind"]


def test_percentiles_are_durations_that_were_measured():
    times = Times([n / 1000 for n in range(1, 101)])

    assert (times.median, times.percentile(95), times.percentile(99), times.worst) == (50, 95, 99, 100)
