"""Where an order goes, changed until something of it has left. The address before is kept, with who changed it."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

from django.utils import timezone
from django_countries import countries

from backorders import consent
from backorders.models import Claim
from shop import cancellations, messages, wakeups
from shop.models import AddressChange, Order
from shop.transactions import use_case

# No promise and no deadline reaches further.
_AHEAD = 2 * 366


class UnableToChangeAddress(Exception):
    """The sentence says what to do instead, to a customer and to staff alike."""


@use_case
def change(order: Order, fresh: Mapping[str, str], *, seen: int, actor: str, at: datetime) -> AddressChange:
    """Send the order elsewhere: `fresh` has all of Address.FIELDS. The customer gets a letter with the new address.

    `seen` are the changes that there were when somebody wrote this one: a second click then changes nothing more.
    Raises UnableToChangeAddress.
    """
    # A parcel of it leaves under the same locks: an address changes before it or after it, and then not any more.
    cancellations.lock_all(order)
    order = Order.objects.select_for_update(of=("self",)).select_related("payment").get(pk=order.pk)
    if order.address_changes.count() != seen:
        raise UnableToChangeAddress("The address was changed just now: see what it is, and change that.")
    refuse(order, fresh, at)
    made = AddressChange.objects.create(order=order, actor=actor, at=at, **address_of(order))
    for name in Order.FIELDS:
        setattr(order, name, fresh[name])
    order.save(update_fields=Order.FIELDS)
    Claim.objects.filter(order_line__order=order).update(country=fresh["country"])
    messages.address_changed(order, made.pk, at=at)
    wakeups.wake_mailer()
    return made


def refuse(order: Order, fresh: Mapping[str, str], at: datetime) -> None:
    """Raises UnableToChangeAddress when the order cannot go there any more, with what to do instead."""
    refuse_any(order)
    old = address_of(order)
    if all(old[name] == fresh[name] for name in Order.FIELDS):
        raise UnableToChangeAddress("This is the address that it goes to already.")
    if not consent.law().ends_alike(old["country"], fresh["country"], _days(timezone.localdate(at))):
        raise UnableToChangeAddress(
            f"In {countries.name(fresh['country'])} days end at another hour than in {countries.name(old['country'])}, "
            "so what was promised would be due at another time. Give an address in the same country; or cancel the "
            "order, and order anew for the other one."
        )


def refuse_any(order: Order) -> None:
    """Raises UnableToChangeAddress when the order cannot go anywhere else any more, with what to do instead."""
    if order.shipments.exists():
        raise UnableToChangeAddress(
            f"Part of order {order} has left already: ask the carrier to send that parcel on. The rest can be "
            "cancelled, and ordered anew for another address."
        )
    if not cancellations.left_of(order):
        raise UnableToChangeAddress(f"Nothing of order {order} is left to send: it was cancelled.")


def address_of(order: Order) -> dict[str, str]:
    return {name: str(getattr(order, name)) for name in Order.FIELDS}


def _days(today: date) -> Iterator[date]:
    return (today + timedelta(days=ahead) for ahead in range(_AHEAD))
