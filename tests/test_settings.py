"""What production refuses, each time in a process of its own, because settings are read once."""

import os
import re
import subprocess
import sys
from itertools import pairwise

import pytest

from shop.dev.bootstrap import ROOT
from shop.settings import DEMO_SECRET_KEY

PRODUCTION = {
    "DIBS_MODE": "production",
    "SECRET_KEY": "k" * 40 + "-a-long-key-of-the-tests-own-0123456789",
    "SITE_URL": "https://shop.example",
    "DATABASE_URL": "postgres://dibs:secret@localhost/dibs",
    "REDIS_URL": "redis://:secret@localhost/0",
    "RETURN_ADDRESS": "1 Example Street",
    "EMAIL_URL": "smtp+tls://dibs:secret@localhost:587",
}

# What settings.py reads the environment with.
READERS = r"(?:env\.\w+|required|flag|number|weekdays|days|holidays_of|payment_methods|one_of)"


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`manage.py` with exactly these settings; an empty value stands for a variable that is not set."""
    bare = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    known = {name: value for name, value in environment.items() if value}
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    return subprocess.run(command, env=bare | known, cwd=ROOT, capture_output=True, text=True)


def test_production_with_everything_set_has_no_warning() -> None:
    done = manage("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SECRET_KEY", DEMO_SECRET_KEY, "SECRET_KEY is the demo's public key: make a secret one of your own."),
        ("SECRET_KEY", "", "SECRET_KEY is not set: production needs it, see .env.example."),
        ("DEBUG", "true", "DEBUG is on: production shows no debug pages, set DEBUG=false."),
        ("DEBUG", "maybe", "DEBUG is 'maybe': set it to true or false."),
        ("SITE_URL", "", "SITE_URL is not set: production needs it, see .env.example."),
        ("SITE_URL", "http://shop.example", "SITE_URL is not https: production serves over TLS only."),
        ("SITE_URL", "shop", "SITE_URL is 'shop': give the full address, such as https://shop.example."),
        ("DATABASE_URL", "", "DATABASE_URL is not set: production needs it, see .env.example."),
        ("REDIS_URL", "", "REDIS_URL is not set: production needs it, see .env.example."),
        ("RETURN_ADDRESS", "", "RETURN_ADDRESS is not set: production needs it, see .env.example."),
        ("RETURN_DAYS", "14", "RETURN_DAYS is '14': set it to a whole number from 21 to 366."),
        ("EMAIL_URL", "", "EMAIL_URL is not set: production needs it, see .env.example."),
        ("PAYMENT_METHODS", "invoice,cheque", "PAYMENT_METHODS is 'invoice,cheque': list some of invoice, transfer."),
        ("PAYMENT_METHODS", ",", "PAYMENT_METHODS is ',': list some of invoice, transfer."),
        ("PAYMENT_METHODS", "transfer", "BANK_ACCOUNT_HOLDER is not set: production needs it, see .env.example."),
        ("PAYMENT_HOLD_HOURS", "0", "PAYMENT_HOLD_HOURS is '0': set it to a whole number from 1 to 1440."),
        (
            "BANK_IBAN",
            "DE37 0000 0000 0000 0000 00",
            "BANK_IBAN is 'DE37000000000000000000': its check digits do not fit, copy it from your bank.",
        ),
        ("BANK_BIC", "BANK", "BANK_BIC is 'BANK': set it to the 8 or 11 characters that your bank gives."),
        ("DIBS_MODE", "live", "DIBS_MODE is 'live': set it to production, demo or test."),
    ],
)
def test_production_refuses_with_one_sentence(name: str, value: str, sentence: str) -> None:
    done = manage("check", **PRODUCTION | {name: value})

    assert (done.returncode, done.stdout, done.stderr) == (2, "", sentence + "\n")


def test_up_refuses_to_run_as_production() -> None:
    done = manage("up", **PRODUCTION)

    assert done.returncode == 2
    assert done.stderr == "`up` runs the demo, but DIBS_MODE is production here (or in .env): unset it first.\n"


def test_the_example_names_every_variable_once() -> None:
    read = re.findall(READERS + r'\(\s*"(\w+)"', (ROOT / "shop" / "settings.py").read_text())
    lines = (ROOT / ".env.example").read_text().splitlines()
    named = [line.partition("=")[0] for line in lines if line and not line.startswith("#")]
    explained = [after.partition("=")[0] for before, after in pairwise(lines) if before[:2] == "# "]

    assert sorted(named) == sorted(set(read))
    assert set(named) <= set(explained)
