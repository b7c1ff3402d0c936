"""Places in a queue, in words, and why a claim gets its goods before another one: told from the rows."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Count, Q

from backorders.models import Claim, ClaimChange, ClaimQuerySet
from backorders.plan import Portion
from backorders.queries import earlier, holding
from inventory.models import PurchaseOrderLine
from shop.formats import long_moment
from shop.staff.wording import expected_in_words

# Who wants to see all of them opens the list of claims.
BEFORE_ON_A_PAGE = 20


@dataclass(frozen=True, slots=True)
class Place:
    """A claim in its queue: the days it was told, and the latest change of its rank, if there was one."""

    number: int
    claim: Claim
    portions: tuple[Portion, ...]
    ranked: ClaimChange | None

    @property
    def passed_over(self) -> str:
        return "; ".join(why_passed_over(self.claim))


def places_of(waiting: ClaimQuerySet, limit: int) -> list[Place]:
    """The first of a queue, in order. Three queries for any number of them."""
    claims = list(waiting.in_order().select_related("item", "put_off_to__order__supplier")[:limit])
    ids = [claim.pk for claim in claims]
    told = holding(ids)
    changes = ClaimChange.objects.filter(claim__in=ids, kind=ClaimChange.Kind.RANK).order_by("id")
    ranked = {change.claim_id: change for change in changes}
    return [
        Place(number, claim, told[claim.pk][1] if claim.pk in told else (), ranked.get(claim.pk))
        for number, claim in enumerate(claims, 1)
    ]


def why_passed_over(claim: Claim) -> Iterator[str]:
    """What keeps a claim from being served in its turn, in words."""
    if claim.hold:
        yield f"on hold: {claim.hold}"
    if claim.put_off_to:
        yield f"waits for {delivery_in_words(claim.put_off_to)}"


def delivery_in_words(line: PurchaseOrderLine) -> str:
    """A purchase line as a delivery to wait for, such as "PO-7 of Weavers of Ulm, expected 9 December 2026"."""
    return f"{line.order.number} of {line.order.supplier.name}, {expected_in_words(line.expected)}"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a waiting claim stands, in sentences, and the first of those before it."""

    words: str
    before: list[Place]
    more: int


def standing(claim: Claim) -> Standing:
    """A fixed number of queries, however many stand before it."""
    waiting = Claim.objects.waiting().filter(item=claim.item_id)
    lower, came_before = Q(rank__lt=claim.rank), earlier(claim.rank, claim.place, claim.units_before)
    counts = waiting.aggregate(
        all=Count("pk"),
        lower=Count("pk", filter=lower),
        earlier=Count("pk", filter=came_before),
        passed=Count("pk", filter=(lower | came_before) & ~Q(hold="", put_off_to=None)),
    )
    number = counts["lower"] + counts["earlier"]
    return Standing(
        " ".join(_sentences(claim, counts)),
        places_of(waiting.filter(lower | came_before), BEFORE_ON_A_PAGE),
        max(0, number - BEFORE_ON_A_PAGE),
    )


def _sentences(claim: Claim, counts: dict[str, int]) -> Iterator[str]:
    lower, earlier, passed = counts["lower"], counts["earlier"], counts["passed"]
    number = 1 + lower + earlier
    yield f"Number {number} of {counts['all']}: rank {claim.rank}, place taken {long_moment(claim.placed_at)}."
    before = [f"{lower} of a lower rank"] * bool(lower) + [f"{earlier} that came earlier"] * bool(earlier)
    yield f"Before it: {', '.join(before)}." if before else "Nobody stands before it."
    if passed:
        yield f"Of those before it, {passed} {'is' if passed == 1 else 'are'} passed over for now."
    for why in why_passed_over(claim):
        yield f"It is passed over itself and keeps its place: {why}."
