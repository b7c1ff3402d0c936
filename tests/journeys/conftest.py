from collections.abc import Callable
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from playwright.sync_api import Locator

from shop.models import User
from tests.journeys.steps import PASSWORD


@pytest.fixture
def desk() -> User:
    cy = User.objects.create_superuser("cy@example.com", PASSWORD)
    EmailAddress.objects.create(user=cy, email=cy.email, verified=True, primary=True)
    return cy


@pytest.fixture
def keep_picture(pytestconfig: pytest.Config, output_path: str) -> Callable[[Locator, str], None]:
    """With `--screenshot on`: keeps a picture of something on a page in the folder that `--output` names."""

    def keep(shown: Locator, name: str) -> None:
        if pytestconfig.getoption("--screenshot") == "on":
            shown.screenshot(path=Path(output_path) / f"{name}.png")

    return keep
