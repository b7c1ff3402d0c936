from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shop import info
from shop.models import Order, ShippingMethod
from tests.cast import NOON, buy, inbound, shipping, stock, variant
from tests.web.reading import link


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    """Views read the clock: in these tests it stands at the noon that the cast lives at."""
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def parcel(db: None) -> ShippingMethod:
    return shipping()


@pytest.fixture
def order() -> Order:
    """Three curtains, of which one is there."""
    item = stock(on_hand=1)
    inbound(item, 8)
    return buy((variant(item), 3))


@pytest.fixture
def visitor(client: Client, order: Order) -> Client:
    """Somebody who came by the link."""
    client.get(link(order))
    return client


@pytest.fixture
def queries_of(client: Client) -> Callable[[str], int]:
    """The number of queries that a page costs a visitor when it is made."""

    def count(address: str) -> int:
        caches["pages"].clear()
        # Once a minute, whichever page is the first.
        info.links()
        with CaptureQueriesContext(connection) as queries:
            response = client.get(address)
        assert response.status_code == 200
        return len(queries)

    return count
