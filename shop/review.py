"""The review: what it shows and asks before an order is placed, and the seal under which that travels."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal

from django.core import signing

from backorders.plan import Portion
from shop.carts import Contents, Parcel, Way
from shop.formats import long_day
from shop.gateways import Gateway
from shop.info import Link
from shop.models import Sends, ShippingMethod

_SEAL = "shop.checkout.shown:v4"
# What the cart's details hold and the order takes over, beside the shipping method.
DETAILS = ("email", "name", "phone", "line1", "line2", "postcode", "city", "country")


class UnableToPlaceOrder(Exception):
    """The sentence says what to do; nothing was placed and nothing in the cart was lost."""


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line of the review as it was shown: money as text; days as units, ISO text, from the shelf, confirmed."""

    variant_id: int
    quantity: int
    unit_price: str
    days: tuple[tuple[int, str, bool, bool], ...]

    @property
    def portions(self) -> tuple[Portion, ...]:
        return tuple(
            Portion(units, date.fromisoformat(day), now, confirmed) for units, day, now, confirmed in self.days
        )


@dataclass(frozen=True, slots=True)
class Shown:
    """What the review page showed: lines, days, prices and where it goes. It travels through the form, sealed.

    `going_to` stands for the contact and the address, SHA-256; `shipping_prices` has the price of each way of sending
    that was offered, by the values of Sends; `parts` are the pages that were named as part of the order, each by its
    title and its path.
    """

    lines: tuple[ShownLine, ...]
    shipping_method_id: int
    shipping_prices: dict[str, str]
    payment: str
    going_to: str
    parts: tuple[tuple[str, str], ...]

    @property
    def asked_how(self) -> bool:
        return len(self.shipping_prices) > 1

    @property
    def digest(self) -> str:
        """Stands for all of it in the order's record: SHA-256."""
        return _digest(asdict(self))

    @property
    def days(self) -> list[tuple[int, tuple[tuple[int, str, bool, bool], ...]]]:
        """What consent is given to: while these are the same, it need not be given again."""
        return [(line.variant_id, line.days) for line in self.lines]


@dataclass(frozen=True, slots=True)
class Option:
    """One way to send the order as the review offers it: what it costs, and what is agreed to with it."""

    way: Way
    goods_total: Decimal
    shipping_price: Decimal

    @property
    def sends(self) -> Sends:
        return self.way.sends

    @property
    def total(self) -> Decimal:
        return self.goods_total + self.shipping_price

    @property
    def consent_text(self) -> str:
        """The sentence that is agreed to, with its days; empty when everything ships now."""
        if self.sends == Sends.TOGETHER:
            return f"I agree to wait for what is not on the shelf: everything ships together {_by(self.way.last)}."
        # A parcel of a later day has what lies on the shelf in it as well: nobody waits for that.
        later = [
            f"{units} × {line.variant} {_by(parcel)}"
            for parcel in self.way.parcels
            for line, _ in parcel.parts
            if (units := sum(part.quantity for part in line.waited_for if part.ships_on == parcel.ships_on))
        ]
        return f"I agree to wait for what is not on the shelf: {'; '.join(later)}." if later else ""


@dataclass(frozen=True, slots=True)
class Review:
    """Everything that a shopper agrees to when she orders."""

    contents: Contents
    shipping: ShippingMethod
    options: tuple[Option, ...]
    payment: Gateway
    parts: tuple[Link, ...]

    @property
    def asks_how(self) -> bool:
        """May she choose how it is sent?"""
        return len(self.options) > 1

    @property
    def priced(self) -> tuple[Option, ...]:
        """The options by what they cost: one speaks for both when they cost the same."""
        return self.options if len({option.total for option in self.options}) > 1 else self.options[:1]

    @property
    def needs_consent(self) -> bool:
        return bool(self.options[0].consent_text)

    def option(self, sends: Sends | None) -> Option:
        return next((option for option in self.options if option.sends == sends), self.options[0])

    @property
    def going_to(self) -> str:
        """Stands for the contact and the address: SHA-256."""
        return _digest([self.contents.cart.details.get(name, "") for name in DETAILS])

    @property
    def shown(self) -> Shown:
        return Shown(
            tuple(
                ShownLine(
                    line.variant.pk,
                    line.quantity,
                    str(line.unit_price),
                    tuple((p.quantity, str(p.ships_on), p.now, p.confirmed) for p in line.portions),
                )
                for line in self.contents.lines
            ),
            self.shipping.pk,
            {option.sends.value: str(option.shipping_price) for option in self.options},
            self.payment.name,
            self.going_to,
            tuple((part.title, part.url) for part in self.parts),
        )


def seal(shown: Shown) -> str:
    return signing.dumps(asdict(shown), salt=_SEAL, compress=True)


def unseal(text: str) -> Shown:
    """What was shown. Raises UnableToPlaceOrder for anything that this shop did not seal."""
    try:
        data = signing.loads(text, salt=_SEAL)
    except signing.BadSignature as error:
        raise UnableToPlaceOrder("The page was too old or incomplete: look through your order once more.") from error
    lines = (
        ShownLine(
            line["variant_id"], line["quantity"], line["unit_price"], tuple((u, d, n, c) for u, d, n, c in line["days"])
        )
        for line in data["lines"]
    )
    return Shown(
        tuple(lines),
        data["shipping_method_id"],
        data["shipping_prices"],
        data["payment"],
        data["going_to"],
        tuple((title, path) for title, path in data["parts"]),
    )


def _digest(facts: object) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _by(parcel: Parcel) -> str:
    return f"by {long_day(parcel.ships_on)}{'' if parcel.confirmed else ' (estimated)'}"
