"""A letter to whoever asked for one when a variant that could not be had is on the shelf again.

The address is confirmed first (double opt-in), and what was asked for once is written once. Never more people are told
than there are units for newcomers, after the queue; whoever was told has a day to come before others hear of the same
units.
"""

from datetime import datetime, timedelta
from typing import Any

from backorders.availability import quotes
from notifications import outbox
from notifications.outbox import Draft
from shop import wakeups
from shop.formats import money
from shop.models import StockAlert, Variant
from shop.transactions import use_case

SALT = "shop.stock-alert"
# A letter that nobody answers was not wanted; one that was written has done its work.
UNCONFIRMED_KEPT = timedelta(days=7)
TOLD_KEPT = timedelta(days=30)
_DAY = timedelta(days=1)
_MOST_IN_A_DAY = 5
# The people of one wave, whatever has arrived.
_MOST_AT_ONCE = 1_000


class UnableToAlert(Exception):
    """The sentence is for the shopper."""


@use_case
def ask(variant: Variant, email: str, *, at: datetime) -> None:
    """Write to an address that somebody gave: its owner confirms that she wants to hear of this variant.

    One that waits already is not written to again, nor one that was asked within the day. Raises UnableToAlert for an
    address that many were asked for today.
    """
    email = email.lower()
    alert = StockAlert.objects.select_for_update().filter(variant=variant, email=email).first()
    if alert and not alert.told_at and (alert.confirmed_at or at - alert.asked_at < _DAY):
        return
    if StockAlert.objects.filter(email=email, asked_at__gt=at - _DAY).count() >= _MOST_IN_A_DAY:
        raise UnableToAlert(f"{_MOST_IN_A_DAY} letters were asked for with this address today: please come tomorrow.")
    alert, _ = StockAlert.objects.update_or_create(
        variant=variant, email=email, defaults={"asked_at": at, "confirmed_at": None, "told_at": None}
    )
    outbox.write([_letter(alert, "alert_asked", at)], at=at)
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
    """Forget the address of this alert, and all that was asked with it."""
    StockAlert.objects.filter(email__in=StockAlert.objects.filter(pk=pk).values("email")).delete()


def items_to_tell(limit: int) -> list[int]:
    """Stock items of which something may be here that somebody wants to hear of."""
    alerts = StockAlert.objects.waiting().of_what_is_here()
    return list(alerts.order_by().values_list("variant__stock_item", flat=True).distinct()[:limit])


@use_case
def tell(item_id: int, *, at: datetime) -> int:
    """Write to those who asked first, as many as there are units for newcomers; returns how many."""
    ours = StockAlert.objects.filter(variant__stock_item=item_id)
    # Whoever tells at the same time waits here, and then finds these told.
    waiting = ours.waiting().select_related("variant__product").select_for_update(of=("self",)).order_by("id")
    alerts = list(waiting[:_MOST_AT_ONCE])
    may_still_come = ours.filter(told_at__gt=at - _DAY).count()
    quote = quotes({item_id: len(alerts) + may_still_come}, at)[item_id] if alerts else None
    here = sum(portion.quantity for portion in quote.portions if portion.now) if quote else 0
    told = alerts[: max(0, here - may_still_come)]
    for alert in told:
        alert.told_at = at
    StockAlert.objects.bulk_update(told, ["told_at"])
    outbox.write([_letter(alert, "back_in_stock", at) for alert in told], at=at)
    if told:
        wakeups.wake_mailer()
    return len(told)


def throw_away(at: datetime) -> int:
    """Addresses that nobody confirmed, and those that were written to a while ago: how many."""
    unconfirmed = StockAlert.objects.filter(confirmed_at=None, asked_at__lt=at - UNCONFIRMED_KEPT)
    told = StockAlert.objects.filter(told_at__lt=at - TOLD_KEPT)
    return unconfirmed.delete()[0] + told.delete()[0]


def _letter(alert: StockAlert, template: str, at: datetime) -> Draft:
    variant = alert.variant
    link: dict[str, Any] = {"path": "/alerts/{token}/", "salt": SALT, "payload": {"alert": alert.pk}}
    return Draft(
        f"{template}:{alert.pk}:{at.timestamp():.0f}",
        template,
        recipient=alert.email,
        thread="",
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
