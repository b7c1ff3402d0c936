"""Pages of the catalog come from a cache while nothing of what they show has changed.

Each time the database is asked whether anything was written at all and, if so, for the state of what the page shows
(shop.shown). Only a page that was made of exactly that is shown again: it can never say a day, a price or "In stock"
that does not hold any more. What is not shown but would be now, such as a new article of a shelf, is missing for no
longer than LIFE.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any

from django.contrib.messages import get_messages
from django.core.cache import BaseCache, caches
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.crypto import salted_hmac

from inventory.dispatch import order_before, overdue_before, ready_on, working_days
from inventory.working_days import WorkingDays
from shop import shown
from shop.shown import State
from shop.web import basket, unchanged

LIFE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the catalog before it is drawn: its template, what it shows, and of which products.

    One that must be made each time is not `lasting`.
    """

    template: str
    context: Mapping[str, Any]
    products: frozenset[int]
    lasting: bool = True


@dataclass(frozen=True, slots=True)
class _Made:
    """`body` was made of `state`, which is None where it was not known what to ask for when the page was made."""

    products: frozenset[int]
    state: State | None
    body: bytes
    digest: str
    until: datetime


def respond(request: HttpRequest, make: Callable[[datetime], Page | HttpResponse]) -> HttpResponse:
    """Answer with the page, or that it is still what the browser has. Who is signed in gets a page of her own.

    Where `make` finds that there is no such page, it answers itself.
    """
    at = timezone.now()
    if basket.customer(request) or len(get_messages(request)):
        page = make(at)
        if isinstance(page, HttpResponse):
            return page
        response = render(request, page.template, dict(page.context))
        patch_cache_control(response, private=True, no_cache=True)
        return response
    key = _key(request, at)
    made: _Made | None = _pages().get(key)
    if made and made.state and at < made.until and made.state.snapshot == shown.snapshot():
        return _answer(request, made, at)
    # Asked before the page is made: what changes while it is being made makes it out of date.
    state = shown.state_of(made.products) if made else None
    if made and made.state and state and at < made.until and made.state.seen == state.seen:
        made = replace(made, state=state)
        _pages().set(key, made, LIFE.seconds)
        return _answer(request, made, at)
    page = make(at)
    if isinstance(page, HttpResponse):
        return page
    body = render(request, page.template, {**page.context, "csrf_token": _token()}).content
    digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
    of_this = state if page.lasting and made and made.products == page.products else None
    made = _Made(page.products, of_this, body, digest, at + LIFE)
    if page.lasting:
        _pages().set(key, made, LIFE.seconds)
    return _answer(request, made, at)


@cache
def _token() -> str:
    """Stands in a cached page for the token of whoever looks at it. Nobody can write it into a page by an address."""
    return _hashed("token")


def _hashed(words: str) -> str:
    return salted_hmac("shop.web.cached", words, algorithm="sha256").hexdigest()


def _answer(request: HttpRequest, made: _Made, at: datetime) -> HttpResponse:
    etag, body, stand_in = made.digest, made.body, _token().encode()
    if stand_in in body:
        body = body.replace(stand_in, get_token(request).encode())
        # Of no use to who has another secret by now: the forms of a page that the browser still has would be refused.
        etag += f"-{_hashed(request.META['CSRF_COOKIE'])[:16]}"
    etag = f'W/"{etag}"'
    response = get_conditional_response(request, etag=etag)
    if made.state:
        unchanged.lasts(request, made.state.snapshot, at, made.until)
    if response is None:
        response = HttpResponse(body)
    else:
        # She has her cookie: it is in the tag.
        request.META["CSRF_COOKIE_NEEDS_UPDATE"] = False
    response["ETag"] = etag
    patch_cache_control(response, private=True, no_cache=True)
    return response


def _key(request: HttpRequest, at: datetime) -> str:
    """All that a page depends on besides what it shows: the address, the cart's count, and what the clock says."""
    says = (
        request.get_full_path(),
        request.headers.get("HX-Request", ""),
        basket.units(request),
        _clock_says(at.replace(second=0, microsecond=0), working_days()),
    )
    return hashlib.md5(repr(says).encode(), usedforsecurity=False).hexdigest()


@lru_cache(10)
def _clock_says(minute: datetime, days: WorkingDays) -> tuple[object, ...]:
    """Days begin, and orders are too late for today, at full minutes: what it says then holds for all their seconds."""
    return timezone.localdate(minute), ready_on(minute), overdue_before(minute), order_before(minute)


def _pages() -> BaseCache:
    return caches["pages"]
