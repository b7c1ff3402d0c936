"""All that is kept about one order: what was bought, promised, told, asked, answered, written, shipped and paid.

The page of the desk and the record that its customer reads tell the same rows in several ways: each kind of row is read
when it is first asked for, and once.
"""

from functools import cached_property
from itertools import groupby

from django.db.models import F, Prefetch, QuerySet

from backorders.models import ClaimChange, Notice, Promise, Withdrawal
from backorders.queries import portion_of
from notifications.models import Letter
from shop import inquiries, releases
from shop.models import (
    AddressChange,
    Announcement,
    Goodwill,
    Inquiry,
    Order,
    OrderLine,
    OrderNote,
    Refund,
    Release,
    Return,
    SentAgain,
    ShipmentLine,
    TrackingChange,
)
from shop.sending import Told, is_together


class Dossier:
    """Everything about an order, in the order in which it came to be."""

    def __init__(self, order: Order) -> None:
        self.order = order

    @cached_property
    def lines(self) -> list[OrderLine]:
        return list(self._lines().order_by("id"))

    def _lines(self) -> QuerySet[OrderLine]:
        return self.order.lines.select_related("claim")

    @cached_property
    def claims(self) -> list[int]:
        return [line.claim_id for line in self.lines]

    @cached_property
    def promises(self) -> list[Promise]:
        """Claim by claim and version by version, the earliest day first."""
        rows = Promise.objects.filter(claim__in=self.claims)
        return list(rows.order_by("claim_id", "version", F("ships_on").asc(nulls_last=True)))

    @cached_property
    def told(self) -> Told:
        """The promise that holds for each claim: its version and its portions, as `backorders.queries.holding`."""
        latest = {line.claim_id: line.claim.told for line in self.lines}
        held = [row for row in self.promises if row.version == latest[row.claim_id]]
        by_claim = groupby(held, key=lambda row: row.claim_id)
        return {claim: (latest[claim], tuple(map(portion_of, rows))) for claim, rows in by_claim}

    @cached_property
    def withdrawals(self) -> list[Withdrawal]:
        return list(Withdrawal.objects.filter(claim__in=self.claims).order_by("id"))

    @cached_property
    def splits(self) -> list[ClaimChange]:
        """How those of the claims began that were split off another one."""
        rows = ClaimChange.objects.filter(claim__in=self.claims, claim__part_of__isnull=False)
        # A part that is split again has another row for that.
        first = rows.filter(kind=ClaimChange.Kind.SPLIT).order_by("claim_id", "id").distinct("claim_id")
        return list(first)

    @cached_property
    def notices(self) -> list[Notice]:
        """With what was answered and what did not arrive."""
        return list(self._notices().order_by("id"))

    def _notices(self) -> QuerySet[Notice]:
        told = Notice.objects.filter(claim__in=self.claims)
        return told.select_related("claim__order_line", "consent", "bounce")

    @cached_property
    def letters(self) -> list[Letter]:
        """With who sent one of them again."""
        again = Prefetch("sent_again", SentAgain.objects.order_by("id"))
        return list(Letter.objects.filter(thread=self.order.number).prefetch_related(again).order_by("id"))

    @cached_property
    def conversation(self) -> list[Inquiry]:
        return inquiries.of_order(self.order)

    @cached_property
    def notes(self) -> list[OrderNote]:
        return list(self.order.notes.order_by("id"))

    @cached_property
    def address_changes(self) -> list[AddressChange]:
        return list(self.order.address_changes.order_by("id"))

    @cached_property
    def shipped(self) -> list[ShipmentLine]:
        """Line by line, with the parcels that they left in."""
        rows = ShipmentLine.objects.filter(shipment__order=self.order)
        return list(rows.select_related("shipment", "line").order_by("shipment_id", "id"))

    @cached_property
    def returns(self) -> list[Return]:
        """No query while nothing has shipped."""
        if not any(line.claim.shipped for line in self.lines):
            return []
        return list(Return.objects.filter(line__order=self.order).order_by("id"))

    @cached_property
    def announcements(self) -> list[Announcement]:
        """No query while nothing has shipped."""
        if not any(line.claim.shipped for line in self.lines):
            return []
        return list(Announcement.objects.filter(line__order=self.order).order_by("id"))

    @cached_property
    def tracking_changes(self) -> list[TrackingChange]:
        return list(TrackingChange.objects.filter(shipment__order=self.order).select_related("shipment").order_by("id"))

    @cached_property
    def release(self) -> Release | None:
        return releases.open_release(self.order) if is_together(self.order) else None

    @cached_property
    def refunds(self) -> list[Refund]:
        return list(self.order.refunds.order_by("id"))

    @cached_property
    def goodwill(self) -> Goodwill | None:
        return getattr(self.order, "goodwill", None)
