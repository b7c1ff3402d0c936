"""What the cache keeps is data, and never code."""

import pickle
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.cache import cache

from shop.serializing import Json

pytestmark = pytest.mark.django_db


class Harmful:
    ran = False

    def __reduce__(self) -> Any:
        return setattr, (Harmful, "ran", True)


@pytest.mark.parametrize("value", [0, 7, -1, 1.5, "", "Söhne", [1792.5, "a"], {"a": [1]}, True, None])
def test_what_is_kept_comes_back(value: Any):
    cache.set("kept", value)
    assert cache.get("kept") == value


def test_numbers_are_counted():
    cache.set("count", 4)
    assert cache.incr("count") == 5


def test_what_somebody_else_wrote_is_not_run(db: None):
    written = pickle.dumps(Harmful())
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.set(cache.make_key("kept"), written)
    assert (cache.get("kept"), Harmful.ran) == (None, False)


def test_control_pickle_runs_it():
    pickle.loads(pickle.dumps(Harmful()))
    assert Harmful.ran
    Harmful.ran = False


@pytest.mark.parametrize("data", [b"", b"\x80\x05", b"{", b"\xff"])
def test_what_cannot_be_read_is_not_there(data: bytes):
    assert Json().loads(data) is None
