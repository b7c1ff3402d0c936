"""A letter to whoever asked for one when a variant that could not be had is on the shelf again.

The address is confirmed first (double opt-in), and what was asked for once is written once. Never more people are told
than there are units for newcomers, after the queue; whoever was told has a day to come before others hear of the same
units.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from backorders.availability import quotes
from notifications import outbox
from notifications.models import Letter
from notifications.outbox import Draft
from shop import wakeups
from shop.formats import money
from shop.models import StockAlert, Variant
from shop.transactions import use_case

SALT = "shop.stock-alert"
# The letter's link shows an address, so that it does not open for ever.
LINK_LIFE = timedelta(days=2 * 365)
# A letter that nobody answers was not wanted; one that was written has done its work.
UNCONFIRMED_KEPT = timedelta(days=7)
TOLD_KEPT = timedelta(days=30)
_DAY = timedelta(days=1)
_ASKED, _HERE = _LETTERS = ("alert_asked", "back_in_stock")
_THREAD = "stock alert "
_MOST_IN_A_DAY = 5
# The people of one wave, whatever has arrived.
_MOST_AT_ONCE = 1_000


class UnableToAlert(Exception):
    """The sentence is for the shopper."""


@use_case
def ask(variant: Variant, email: str, *, at: datetime) -> None:
    """Write to an address, in small letters, that somebody gave: its owner confirms that she wants to hear of this
    variant.

    One that waits already is not written to again, nor one that was asked within the day. Raises UnableToAlert for an
    address that many were asked for today.
    """
    alert = StockAlert.objects.select_for_update().filter(variant=variant, email=email).first()
    if alert and not alert.told_at and (alert.confirmed_at or at - alert.asked_at < _DAY):
        return
    if StockAlert.objects.filter(email=email, asked_at__gt=at - _DAY).count() >= _MOST_IN_A_DAY:
        raise UnableToAlert(f"{_MOST_IN_A_DAY} letters were asked for with this address today: please come tomorrow.")
    alert, _ = StockAlert.objects.update_or_create(
        variant=variant, email=email, defaults={"asked_at": at, "confirmed_at": None, "told_at": None}
    )
    outbox.write([_letter(alert, _ASKED, at)], at=at)
    wakeups.wake_mailer()


@use_case
def confirm(pk: int, *, at: datetime) -> bool:
    """Her yes, by the link of that letter. False when the request is not kept any more."""
    alert = StockAlert.objects.select_for_update().filter(pk=pk).first()
    if alert and not alert.confirmed_at:
        alert.confirmed_at = at
        alert.save(update_fields=["confirmed_at"])
    return alert is not None


@use_case
def stop(pk: int) -> None:
    """Forget this alert; when its owner has confirmed it, all that she asked for with the same address too.

    Whoever typed somebody else's address ends nothing of hers.
    """
    alert = StockAlert.objects.filter(pk=pk).first()
    if alert:
        hers = {"email": alert.email} if alert.confirmed_at else {"pk": pk}
        _forget(StockAlert.objects.filter(**hers))


def undelivered(limit: int) -> list[int]:
    """Ids of alerts of which a letter was refused for good: mistyped, or given up by its owner."""
    dead = Letter.objects.filter(state=Letter.State.DEAD, template__in=_LETTERS)
    threads = dead.order_by("written_at").values_list("thread", flat=True)[:limit]
    return [int(thread.removeprefix(_THREAD)) for thread in threads]


@use_case
def give_up(pk: int) -> None:
    """No mail arrives there: nobody at the desk can do anything about it, and nobody waits for it."""
    StockAlert.objects.filter(pk=pk).delete()
    outbox.forget([_thread(pk)])


def items_to_tell(limit: int) -> list[int]:
    """Stock items of which something may be here that somebody wants to hear of."""
    alerts = StockAlert.objects.waiting().of_what_is_here()
    return list(alerts.order_by().values_list("variant__stock_item", flat=True).distinct()[:limit])


@use_case
def tell(item_id: int, *, at: datetime) -> int:
    """Write to those who asked first, as many as there are units for newcomers; returns how many."""
    ours = StockAlert.objects.filter(variant__stock_item=item_id)
    # Whoever tells at the same time waits here, and then finds these told.
    waiting = ours.waiting().select_related("variant__product").select_for_update(of=("self",))
    alerts = list(waiting.order_by("asked_at", "id")[:_MOST_AT_ONCE])
    may_still_come = ours.filter(told_at__gt=at - _DAY).count()
    quote = quotes({item_id: len(alerts) + may_still_come}, at)[item_id] if alerts else None
    here = sum(portion.quantity for portion in quote.portions if portion.now) if quote else 0
    told = alerts[: max(0, here - may_still_come)]
    for alert in told:
        alert.told_at = at
    StockAlert.objects.bulk_update(told, ["told_at"])
    outbox.write([_letter(alert, _HERE, at) for alert in told], at=at)
    if told:
        wakeups.wake_mailer()
    return len(told)


@use_case
def throw_away(at: datetime) -> int:
    """Forget addresses that nobody confirmed, and those that were written to a while ago: how many."""
    unconfirmed = StockAlert.objects.filter(confirmed_at=None, asked_at__lt=at - UNCONFIRMED_KEPT)
    told = StockAlert.objects.filter(told_at__lt=at - TOLD_KEPT)
    return _forget(unconfirmed) + _forget(told)


def _forget(alerts: QuerySet[StockAlert]) -> int:
    """The letters hold the address too. One that is still to be sent is not sent any more."""
    pks = list(alerts.select_for_update().values_list("pk", flat=True))
    outbox.forget(_thread(pk) for pk in pks)
    return StockAlert.objects.filter(pk__in=pks).delete()[0]


def _thread(pk: int) -> str:
    return f"{_THREAD}{pk}"


def _letter(alert: StockAlert, template: str, at: datetime) -> Draft:
    variant = alert.variant
    link: dict[str, Any] = {"path": "/alerts/{token}/", "salt": SALT, "payload": {"alert": alert.pk}}
    return Draft(
        f"{template}:{alert.pk}:{at.timestamp():.0f}",
        template,
        recipient=alert.email,
        thread=_thread(alert.pk),
        context={
            "what": str(variant),
            "price": money(variant.price),
            "links": {
                "product": {"path": f"{variant.product.get_absolute_url()}?variant={variant.pk}"},
                "alert": link,
                "unsubscribe": link | {"path": "/alerts/{token}/stop/"},
            },
        },
    )
