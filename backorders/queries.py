"""What is asked of the queues: promises that hold now, places, and the recount of the counters."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from backorders.models import Claim, Promise, Queue
from backorders.plan import Portion
from inventory.models import StockItem


def holding(claim_ids: Collection[int]) -> dict[int, tuple[int, tuple[Portion, ...]]]:
    """The promise that holds for each claim: its version and portions, earliest first. One query."""
    newest = Promise.objects.filter(claim=OuterRef("claim")).order_by("-version").values("version")[:1]
    rows = Promise.objects.filter(claim__in=claim_ids, version=Subquery(newest)).order_by(
        "claim_id", F("ships_on").asc(nulls_last=True)
    )
    versions: dict[int, int] = {}
    portions: dict[int, list[Portion]] = defaultdict(list)
    for row in rows:
        versions[row.claim_id] = row.version
        portions[row.claim_id].append(portion_of(row))
    return {pk: (version, tuple(portions[pk])) for pk, version in versions.items()}


def portion_of(promise: Promise) -> Portion:
    return Portion(promise.quantity, promise.ships_on, False, promise.confirmed, promise.basis)


def places(claims: Iterable[Claim]) -> dict[int, int]:
    """How many claims stand before each of these in their queue, plus one. One query per waiting claim."""
    return {
        claim.pk: 1
        + Claim.objects.waiting()
        .filter(item=claim.item_id)
        .filter(Q(rank__lt=claim.rank) | Q(rank=claim.rank, id__lt=claim.pk))
        .count()
        for claim in claims
        if claim.lacks
    }


def items_to_fill(limit: int) -> list[int]:
    """Items that have units nobody holds while somebody waits: what a lost wake-up leaves behind."""
    return list(
        Queue.objects.filter(waiting__gt=0, item__on_hand__gt=F("item__allocated"))
        .order_by("item_id")
        .values_list("item_id", flat=True)[:limit]
    )


def recount() -> Iterator[str]:
    """Recount every counter from the rows. Yields a sentence for each difference; nothing is written."""
    lacking = _sum_of_claims(F("quantity") - F("allocated"))
    for queue in Queue.objects.annotate(lacking=lacking).exclude(lacking=F("waiting")).select_related("item"):
        yield f"{queue.item.sku}: waiting is {queue.waiting}, the claims lack {queue.lacking}."
    held = _sum_of_claims(F("allocated") - F("shipped"), outer="pk")
    for item in StockItem.objects.annotate(held=held).exclude(held=F("allocated")).order_by("sku"):
        yield f"{item.sku}: allocated is {item.allocated}, the claims hold {item.held}."


def _sum_of_claims(units: Combinable, outer: str = "item_id") -> Coalesce:
    claims = Claim.objects.filter(item=OuterRef(outer)).order_by().values("item")
    return Coalesce(Subquery(claims.annotate(units=Sum(units)).values("units")), 0)
