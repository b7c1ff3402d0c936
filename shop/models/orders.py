import re
import secrets
from datetime import datetime
from decimal import Decimal
from typing import Self
from urllib.parse import quote

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Sum, Value
from django.db.models.functions import Coalesce, Lower
from django_countries import countries
from django_countries.fields import CountryField
from simple_history.models import HistoricalRecords

from backorders.models import Claim
from inventory.models import StockItem
from shop.models.accounts import User
from shop.models.catalog import Variant
from shop.paths import path_to

# Without 0, 1, I and O: a number is read over the telephone.
_NUMBER_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
# Stands in the address of a carrier's page for the number of a parcel.
_NUMBER_HERE = "{number}"


def draw_number() -> str:
    """A random order number: 10 letters of 32, so that nobody can count our orders or guess another's."""
    return "".join(secrets.choice(_NUMBER_LETTERS) for _ in range(10))


def customer_key(email: str) -> str:
    """Who a customer is to the limits of a queue: her address, however she writes it."""
    return email.strip().lower()


class ShippingMethod(models.Model):
    name = models.CharField(max_length=100)
    description = models.CharField(max_length=255, blank=True)
    price = models.DecimalField(max_digits=8, decimal_places=2)
    further_parcel_price = models.DecimalField(
        max_digits=8,
        decimal_places=2,
        default=0,
        help_text="For each parcel after the first, when an order is sent as it gets ready.",
    )
    position = models.PositiveSmallIntegerField(default=0)
    offered = models.BooleanField(default=True)

    history = HistoricalRecords()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(price__gte=0, further_parcel_price__gte=0), name="shipping_price_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.name


def check_tracking_address(address: str) -> None:
    if not re.fullmatch(r"https://[a-z0-9][a-z0-9.-]*[/?][^\s\"<>]*", address) or address.count(_NUMBER_HERE) != 1:
        raise ValidationError(
            f"Write the whole address of the carrier's page, from https:// on, with {_NUMBER_HERE} once, where the"
            " tracking number stands in it."
        )


class Carrier(models.Model):
    """Who takes parcels, and where a customer follows one."""

    name = models.CharField(max_length=50, help_text="As it is written when a parcel leaves, such as DHL.")
    tracking_address = models.CharField(
        max_length=300,
        blank=True,
        validators=[check_tracking_address],
        help_text="The address of the page that follows a parcel, with {number} in place of its tracking number.",
    )

    history = HistoricalRecords()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(tracking_address="") | Q(tracking_address__startswith="https://"),
                name="carrier_tracking_address_is_https",
            ),
            models.UniqueConstraint(
                Lower("name"), name="carrier_once", violation_error_message="There is a carrier of this name."
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def link_of(cls, name: str, number: str) -> str:
        """Where a parcel is followed; empty where that is not known."""
        carrier = cls.objects.alias(low=Lower("name")).filter(low=Lower(Value(name))).first() if number else None
        bare = quote("".join(number.split()), safe="")
        return carrier.tracking_address.replace(_NUMBER_HERE, bare) if carrier else ""


class OrderQuerySet(models.QuerySet["Order"]):
    def with_waiting_lines(self) -> Self:
        return self.filter(Exists(OrderLine.objects.waiting().filter(order=OuterRef("pk"))))


class Sends(models.TextChoices):
    """How an order leaves when not all of it ships on one day: the customer's choice, kept until it has shipped."""

    AS_READY = "as_ready", "Send each part as soon as it is ready"
    TOGETHER = "together", "Send everything together"


class Address(models.Model):
    """Where an order goes, as fields of a row."""

    FIELDS = ("name", "line1", "line2", "postcode", "city", "country")

    name = models.CharField(max_length=150)
    line1 = models.CharField("address", max_length=200)
    line2 = models.CharField("address, second line", max_length=200, blank=True)
    postcode = models.CharField(max_length=20)
    city = models.CharField(max_length=100)
    country = CountryField()

    class Meta:
        abstract = True

    @property
    def address_lines(self) -> list[str]:
        """As it is written on a parcel."""
        country = countries.name(str(self.country))
        lines = [self.name, self.line1, self.line2, f"{self.postcode} {self.city}", country]
        return [line for line in lines if line.strip()]


class Order(Address):
    """What a customer bought, where it goes and what she agreed to. Where each line stands is read from its claim."""

    number = models.CharField(max_length=10, unique=True, default=draw_number, editable=False)
    # The cart this order came from: a second submission of the same review finds this order.
    cart_key = models.UUIDField(unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="orders")
    placed_at = models.DateTimeField()

    email = models.EmailField()
    phone = models.CharField(max_length=30, blank=True)

    sends = models.CharField(max_length=10, choices=Sends, default=Sends.AS_READY)
    shipping_name = models.CharField(max_length=100)
    shipping_price = models.DecimalField(max_digits=8, decimal_places=2)
    goods_total = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3)

    consent_text = models.TextField(blank=True, help_text="The sentence agreed to when something was backordered.")
    consented_at = models.DateTimeField(null=True, blank=True)
    shown_hash = models.CharField(
        max_length=64, blank=True, editable=False, help_text="SHA-256 of the days and prices that the page showed."
    )
    # Raising it makes every link in earlier letters invalid.
    link_version = models.PositiveSmallIntegerField(default=1, editable=False)

    objects = OrderQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["-placed_at", "-id"], name="order_by_time"),
            models.Index(Lower("email"), name="order_by_email"),
            models.Index(Lower("name"), name="order_by_name"),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return path_to("order", self.number)

    @property
    def total(self) -> Decimal:
        return self.goods_total + self.shipping_price


class OrderLineQuerySet(models.QuerySet["OrderLine"]):
    def waiting(self) -> Self:
        return self.filter(claim__allocated__lt=F("claim__quantity"))

    def due(self, until: datetime) -> Self:
        """Of which something has to ship, or to be told or answered, by then; or had to, and nobody did it."""
        return self.filter(claim__due_at__lte=until, claim__shipped__lt=F("claim__quantity"))

    def with_customer(self) -> dict[int, int]:
        """Units that were shipped and did not come back, by line; a line without any is left out. One query."""
        counted = self.annotate(away=F("claim__shipped") - Coalesce(Sum("returns__units"), 0))
        return dict(counted.filter(away__gt=0).values_list("pk", "away"))


class OrderLine(models.Model):
    """What was ordered, as it was called and priced on that day. `quantity` is what was ordered at first, without what
    was split off as a line of its own; the claim's quantity is what is still wanted."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines")
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="order_lines")
    claim = models.OneToOneField(Claim, on_delete=models.PROTECT, related_name="order_line")
    sku = models.CharField("SKU", max_length=100)
    title = models.CharField(max_length=255)
    choice = models.CharField(max_length=255, blank=True)
    unit_price = models.DecimalField(max_digits=10, decimal_places=2)
    quantity = models.PositiveIntegerField()

    objects = OrderLineQuerySet.as_manager()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(quantity__gt=0), name="order_line_quantity_positive")]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.title}"

    @property
    def article(self) -> str:
        """What it is, told from its sisters of another colour."""
        return f"{self.title}, {self.choice}" if self.choice else self.title


class Shipment(models.Model):
    """One parcel that left."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="shipments")
    carrier = models.CharField(max_length=50, blank=True)
    tracking_number = models.CharField(max_length=100, blank=True)
    # The carrier's page, as it was known when the parcel left.
    tracking_link = models.CharField(max_length=1500, blank=True, db_default="")
    shipped_at = models.DateTimeField()
    actor = models.CharField(max_length=150)

    def __str__(self) -> str:
        return f"{self.order.number}: {self.followed}".rstrip(": ")

    @property
    def followed(self) -> str:
        """By whom it goes and under which number, such as "DHL JD014"; empty where neither is known."""
        return f"{self.carrier} {self.tracking_number}".strip()


class ShipmentLine(models.Model):
    shipment = models.ForeignKey(Shipment, on_delete=models.PROTECT, related_name="lines")
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="shipment_lines")
    quantity = models.PositiveIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(quantity__gt=0), name="shipment_line_quantity_positive")]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.line.title}"


class AnnouncementQuerySet(models.QuerySet["Announcement"]):
    def awaited(self) -> Self:
        """Of which something is still to come back."""
        return self.filter(coming__gt=0)


class Announcement(models.Model):
    """Units of a line that their customer said she sends back: her withdrawal from that part of the purchase.

    `coming` of them are awaited; every return takes from it. What does not come after all is `dropped`.
    """

    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="announcements")
    units = models.PositiveIntegerField()
    coming = models.PositiveIntegerField()
    reason = models.CharField(max_length=255, blank=True)
    actor = models.CharField(max_length=150)
    at = models.DateTimeField()
    dropped = models.PositiveIntegerField(default=0)
    dropped_by = models.CharField(max_length=150, blank=True)
    dropped_at = models.DateTimeField(null=True, blank=True)

    objects = AnnouncementQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(units__gt=0, units__gte=F("coming") + F("dropped")), name="announcement_of_units"
            ),
            models.CheckConstraint(
                condition=Q(dropped=0, dropped_at=None) | Q(dropped__gt=0, coming=0, dropped_at__isnull=False),
                name="announcement_dropped_as_a_whole",
            ),
        ]
        indexes = [models.Index(fields=["line"], condition=Q(coming__gt=0), name="announcement_awaited")]

    def __str__(self) -> str:
        return f"{self.units} × {self.line.title} to come back"


class Return(models.Model):
    """Units of a line that a customer sent back, and what that takes off the price of the order.

    `damaged` of them cannot be sold again; the others are on the shelf once more. The reason is for staff; what she was
    `told` about the amount stands in her letter.
    """

    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="returns")
    units = models.PositiveIntegerField()
    damaged = models.PositiveIntegerField(default=0)
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    reason = models.CharField(max_length=255)
    told = models.CharField(max_length=255, blank=True)
    actor = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(units__gt=0, damaged__lte=F("units")), name="return_of_units"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="return_amount_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.units} × {self.line.title} back"


class Departure(models.Model):
    """A line that has left whole, written once when the last unit of it that was still wanted left (shop.departures).

    `wait` is the time from the order until that parcel; `kept` says whether it left by the day that was promised first,
    `awaited` how many of its units were not there when it was ordered.
    """

    line = models.OneToOneField(OrderLine, on_delete=models.PROTECT, related_name="departure")
    item = models.ForeignKey(StockItem, on_delete=models.PROTECT, related_name="+", db_index=False)
    left_on = models.DateField()
    wait = models.DurationField()
    kept = models.BooleanField()
    awaited = models.PositiveIntegerField()

    class Meta:
        # All that the figures of a stretch of time are counted from.
        indexes = [
            models.Index(fields=["left_on"], include=["item", "wait", "kept", "awaited"], name="departure_by_day")
        ]

    def __str__(self) -> str:
        return f"{self.line}, left on {self.left_on:%-d %B %Y}"


class Release(models.Model):
    """The ready part of an order that was to be sent together may leave before the rest. Used up by its shipment."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="releases")
    price = models.DecimalField(max_digits=8, decimal_places=2, help_text="What the further parcel costs the customer.")
    actor = models.CharField(max_length=150)
    at = models.DateTimeField()
    shipment = models.OneToOneField(
        Shipment, on_delete=models.PROTECT, null=True, blank=True, related_name="released_by"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order"], condition=Q(shipment=None), name="release_open_once_per_order"),
        ]

    def __str__(self) -> str:
        return f"Ready part of {self.order.number} released"


class Goodwill(models.Model):
    """What the house gives for a long delay, once per order, by the rule of its settings."""

    class Kind(models.TextChoices):
        VOUCHER = "voucher", "Voucher"
        FREE_SHIPPING = "free_shipping", "Free shipping"

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="goodwill")
    kind = models.CharField(max_length=13, choices=Kind)
    days_late = models.PositiveSmallIntegerField(null=True, help_text="Empty when no day could be given.")
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "goodwill"

    def __str__(self) -> str:
        return f"{self.get_kind_display()} for {self.order}"
