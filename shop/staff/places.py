"""Why a claim gets its goods before another one: told from the rows of its queue."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Count, Q

from backorders.admin import Place, places_of, why_passed_over
from backorders.models import Claim
from shop.formats import long_moment

# Who wants to see all of them opens the list of claims.
BEFORE_ON_A_PAGE = 20


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a waiting claim stands, in sentences, and the first of those before it."""

    words: str
    before: list[Place]
    more: int


def standing(claim: Claim) -> Standing:
    """A fixed number of queries, however many stand before it."""
    waiting = Claim.objects.waiting().filter(item=claim.item_id)
    lower, earlier = Q(rank__lt=claim.rank), Q(rank=claim.rank, id__lt=claim.pk)
    counts = waiting.aggregate(
        all=Count("pk"),
        lower=Count("pk", filter=lower),
        earlier=Count("pk", filter=earlier),
        passed=Count("pk", filter=(lower | earlier) & ~Q(hold="", put_off_to=None)),
    )
    number = counts["lower"] + counts["earlier"]
    return Standing(
        " ".join(_sentences(claim, counts)),
        places_of(waiting.filter(lower | earlier), BEFORE_ON_A_PAGE),
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
