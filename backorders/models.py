"""Who waits for what, and what we told them."""

from enum import StrEnum
from typing import Any, Self

from django.core.checks import CheckMessage
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from backorders.deadlines import Kind, Standing
from backorders.units import Units
from inventory.models import PurchaseOrderLine, StockItem


class Policy(models.TextChoices):
    """Who may join the queue of a stock item."""

    CLOSED = "closed", "Closed: sell only what is on the shelf"
    INBOUND = "inbound", "Against what is on order"
    LEAD_TIME = "lead_time", "Open, with a lead time"


def _words(names: type[StrEnum]) -> list[tuple[str, str]]:
    return [(name.value, name.value.replace("_", " ").capitalize()) for name in names]


class Queue(models.Model):
    """The rules for joining the queue of one stock item, and the units that its claims still lack.

    `waiting` is the sum of (quantity - allocated) over the item's claims. `passed_over` is the part of it that belongs
    to claims which are skipped for now, `put_off` the part of claims that take a later delivery only. Only
    backorders.queue writes them, under the stock item's lock.

    `judged` is the supply that the promises were last held against, with what newcomers were told by a supply that
    nobody was held against yet, and `filled` and `freed` are the units that have left the queue since, at its head and
    anywhere: so a revision reads only the places whose day can have changed.
    `in_doubt` are those places which were not held against it yet, with the reasons that are to be told there: a fact
    that reaches thousands is told in chunks. `looked_to` is the claim behind which they stand, and where it ends.
    """

    item = models.OneToOneField(StockItem, on_delete=models.PROTECT, related_name="queue")
    policy = models.CharField(max_length=10, choices=Policy, default=Policy.CLOSED)
    lead_days = models.PositiveSmallIntegerField(
        default=28, help_text="Days from order to dispatch when nothing is on order; used only by an open queue."
    )
    cap = models.PositiveIntegerField(
        null=True, blank=True, help_text="At most so many units may wait at once; empty means no limit."
    )
    per_order = models.PositiveIntegerField(
        null=True, blank=True, help_text="At most so many units of one order may wait; empty means no limit."
    )
    per_customer = models.PositiveIntegerField(
        null=True, blank=True, help_text="At most so many units of one customer may wait; empty means no limit."
    )
    longest_wait = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="No day further off than so many days is promised; empty means no limit."
    )
    waiting = models.PositiveIntegerField(default=0, editable=False)
    passed_over = models.PositiveIntegerField(default=0, editable=False)
    put_off = models.PositiveIntegerField(default=0, editable=False)
    # The rank of newcomers: they stand behind everybody who waits, also behind those whom a person moved back.
    last_rank = models.SmallIntegerField(default=0, editable=False)
    judged = models.JSONField(null=True, editable=False)
    filled = models.PositiveIntegerField(default=0, editable=False)
    freed = models.PositiveIntegerField(default=0, editable=False)
    in_doubt = models.JSONField(null=True, editable=False)
    looked_to = models.JSONField(null=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(put_off__gte=0, passed_over__gte=F("put_off"), waiting__gte=F("passed_over")),
                name="queue_put_off_within_passed_over_within_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"Queue of {self.item}"


class ClaimQuerySet(models.QuerySet["Claim"]):
    def waiting(self) -> Self:
        """Backorders: claims that still lack units."""
        return self.filter(allocated__lt=F("quantity"))

    def served(self) -> Self:
        """Those of the waiting who are not passed over: next in order gets the next unit."""
        return self.waiting().filter(hold="", put_off_to=None)

    def holding(self) -> Self:
        """Claims for which units are set aside on the shelf."""
        return self.filter(shipped__lt=F("allocated"))

    def in_order(self) -> Self:
        """The order in which units are given: rank first, then place, then the parts of one place."""
        return self.order_by("rank", "place", "units_before")


class Claim(Units, models.Model):
    """One order line's place in the queue of one stock item.

    `quantity` is what is wanted now; leaving the queue lowers it and leaves a Withdrawal. The id is drawn under the
    stock item's lock, so the order of ids is the order in which the places were taken. A part that was split off a
    claim stays at the place of the whole, and parts of one place stand in the order of their units. A claim with a
    `hold`, or one that is `put_off_to` a later purchase line, is passed over and keeps its place; each change of rank,
    hold and delivery, and each split, leaves a ClaimChange.
    """

    # Here and below, a unique constraint or an index of more columns finds the rows as well: a chunk that is told or
    # filled writes every index, while others wait for the lock.
    item = models.ForeignKey(StockItem, on_delete=models.PROTECT, related_name="claims", db_index=False)
    rank = models.SmallIntegerField(default=0, help_text="Lower goes first. Changed only by a person, with a reason.")
    # The claim that took the place, where this one is a part of it. Claims are never deleted: nobody looks for parts.
    part_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="parts", editable=False, db_index=False
    )
    place = models.GeneratedField(
        expression=Coalesce("part_of", "id"), output_field=models.BigIntegerField(), db_persist=True
    )
    # Units of the whole that stood before this part when it was split off. No claim ever grows, so none is overtaken
    # by another part of its place, however often either is split.
    units_before = models.PositiveIntegerField(default=0, editable=False)
    quantity = models.PositiveIntegerField()
    allocated = models.PositiveIntegerField(default=0, editable=False)
    shipped = models.PositiveIntegerField(default=0, editable=False)
    hold = models.CharField(
        max_length=255, blank=True, help_text="Why it is passed over for now; empty means that it is not."
    )
    put_off_to = models.ForeignKey(
        PurchaseOrderLine,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="claims_put_off",
        db_index=False,
        help_text="It takes no unit before goods of this purchase line have come.",
    )
    reference = models.CharField(max_length=50, help_text="What the claim is for, such as an order's number.")
    customer = models.CharField(max_length=254, blank=True, help_text="Whom the claim is for; limits count by it.")
    # What a unit was sold for, in the currency of the shop: a report over all who wait cannot look up every order.
    unit_price = models.DecimalField(max_digits=10, decimal_places=2, default=0, editable=False)
    # The version of the promise that holds; 0 before the first.
    told = models.PositiveSmallIntegerField(default=0, editable=False)
    placed_at = models.DateTimeField()
    # Two letters: days end in the customer's zone as well as in the house's.
    country = models.CharField(max_length=2, blank=True)
    standing = models.CharField(max_length=11, choices=_words(Standing), default=Standing.AS_TOLD.value, editable=False)
    # The newest notice of a delay; it is the open question while the standing is one. Notices are never deleted, so the
    # database need not check it: a plan of that check from when notices were few reads all of them for each of a
    # hundred thousand claims that slip at once.
    notice = models.ForeignKey(
        "backorders.Notice",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        db_index=False,
        db_constraint=False,
    )
    due_at = models.DateTimeField(
        null=True, editable=False, help_text="Until then it ships, or its customer has heard from us or answered."
    )

    objects = ClaimQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="claim_due", condition=Q(shipped__lt=F("quantity"))),
            models.Index(
                fields=["item", "rank", "place", "units_before"],
                name="claim_waiting",
                condition=Q(allocated__lt=F("quantity")),
            ),
            models.Index(
                fields=["item", "rank", "place", "units_before"],
                name="claim_served",
                condition=Q(allocated__lt=F("quantity"), hold="", put_off_to=None),
            ),
            models.Index(
                fields=["item", "customer"], name="claim_by_customer", condition=Q(allocated__lt=F("quantity"))
            ),
            models.Index(fields=["item", "id"], name="claim_by_item"),
            models.Index(fields=["id"], name="claim_given_up", condition=Q(quantity=0)),
            models.Index(fields=["id"], name="claim_ready", condition=Q(shipped__lt=F("allocated"))),
            models.Index(
                fields=["notice"],
                name="claim_asked",
                condition=Q(standing__in=[standing.value for standing in Standing if standing.is_question]),
            ),
            models.Index(fields=["put_off_to"], name="claim_put_off", condition=Q(put_off_to__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(shipped__gte=0, shipped__lte=F("allocated"), allocated__lte=F("quantity")),
                name="claim_shipped_within_allocated_within_quantity",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.item.sku} for {self.reference}"

    @classmethod
    def check(cls, **kwargs: Any) -> list[CheckMessage]:
        """Whether it knows generated columns need not be asked of the database: the shop is checked without one too."""
        return super().check(**kwargs | {"databases": []})

    @property
    def is_asked(self) -> bool:
        """Does it wait for its customer's answer to a delay?"""
        return Standing(self.standing).is_question

    @property
    def is_passed_over(self) -> bool:
        return bool(self.hold) or self.put_off_to_id is not None


class Promise(models.Model):
    """A portion of a quote that was told to a customer: so many units ship by this day.

    Append-only (a trigger refuses UPDATE and DELETE): a changed date is a new version with a reason. The rows of a
    claim's highest version are what holds now. An empty day means: told that no day can be given.
    """

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="promises", db_index=False)
    version = models.PositiveSmallIntegerField()
    quantity = models.PositiveIntegerField()
    ships_on = models.DateField(null=True)
    confirmed = models.BooleanField(help_text="False while the day rests on a supplier's unconfirmed day.")
    basis = models.CharField(
        max_length=100, help_text="What the day rests on: the shelf, a purchase line, a lead time."
    )
    reason = models.CharField(max_length=255, blank=True, help_text="Why it changed; empty for the first promise.")
    told_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["claim", "version", "ships_on"], name="promise_once_per_day", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="promise_quantity_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} by {self.ships_on or 'a day not known yet'}"


class Withdrawal(models.Model):
    """Units that a claim gave up before they were shipped: how many, who decided and why. Append-only."""

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="withdrawals")
    units = models.PositiveIntegerField()
    reason = models.CharField(max_length=255, blank=True)
    actor = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(units__gt=0), name="withdrawal_units_positive")]

    def __str__(self) -> str:
        return f"{self.units} given up"


class ClaimChange(models.Model):
    """What a person changed of a claim's turn, and why: the answer to "why does she get it before me?". Append-only."""

    class Kind(models.TextChoices):
        RANK = "rank", "Rank"
        HOLD = "hold", "Hold"
        DELIVERY = "delivery", "Delivery"
        SPLIT = "split", "Split"

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=10, choices=Kind)
    old = models.CharField(max_length=255, blank=True)
    new = models.CharField(max_length=255, blank=True)
    reason = models.CharField(max_length=255)
    actor = models.CharField(max_length=150)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.old or 'none'} → {self.new or 'none'}: {self.reason}"


class Notice(models.Model):
    """What a customer was told of a delay: the day that held, the new one, and what her silence does. Append-only.

    It tells the version of the claim's promise that bears its number. With `answer_by`, her yes must be here until
    then, or the order of it ends; without, silence keeps the order.
    """

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="notices", db_index=False)
    version = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=7, choices=_words(Kind))
    # Where the claim stood before.
    before = models.CharField(max_length=11, choices=_words(Standing))
    old_day = models.DateField(null=True)
    new_day = models.DateField(null=True)
    reason = models.CharField(max_length=255, help_text="As the customer read it.")
    answer_by = models.DateTimeField(null=True)
    letter = models.CharField(max_length=150, help_text="The key of the letter that tells it.")
    told_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["claim", "kind", "version"], name="notice_once_per_kind_and_promise"),
        ]
        indexes = [models.Index(fields=["letter"], name="notice_by_letter")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} notice of {self.told_at:%-d %B %Y}"


class Consent(models.Model):
    """The customer's recorded answer to a notice, and who wrote it down. Append-only, one for each notice."""

    class Answer(models.TextChoices):
        KEEP = "keep", "Keep it and wait"
        LAST_DAY = "last_day", "Wait until a last day"
        CANCEL = "cancel", "Cancel it"
        ALTERNATIVE = "alternative", "Take something else instead"
        SILENCE = "silence", "Silence, which keeps it"

    notice = models.OneToOneField(Notice, on_delete=models.PROTECT, related_name="consent")
    answer = models.CharField(max_length=11, choices=Answer)
    # What was chosen with it: the last day, or what is taken instead.
    detail = models.CharField(max_length=255, blank=True)
    actor = models.CharField(max_length=150)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.get_answer_display()


class Bounce(models.Model):
    """A notice that did not reach its customer, which makes it no notice: what the mail server said. Append-only."""

    notice = models.OneToOneField(Notice, on_delete=models.PROTECT, related_name="bounce")
    answer = models.CharField(max_length=500)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Not told: {self.answer}"
