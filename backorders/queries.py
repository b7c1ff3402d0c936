"""What is asked of the queues: promises that hold now, places, and the recount of the counters."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import date

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.expressions import Combinable, RawSQL
from django.db.models.functions import Coalesce

from backorders.models import Claim, Promise, Queue
from backorders.plan import Portion
from inventory.models import StockItem
from inventory.prepared import Given, Prepared


def holding(claim_ids: Collection[int]) -> dict[int, tuple[int, tuple[Portion, ...]]]:
    """The promise that holds for each claim: its version and portions, earliest first. At most one query."""
    if not claim_ids:
        return {}
    versions: dict[int, int] = {}
    portions: dict[int, list[Portion]] = defaultdict(list)
    for pk, version, quantity, ships_on, confirmed, basis in _holding(claims=list(claim_ids)):
        versions[pk] = version
        portions[pk].append(_told(quantity, ships_on, confirmed, basis))
    return {pk: (version, tuple(portions[pk])) for pk, version in versions.items()}


_holding = Prepared(
    lambda: (
        Promise.objects.filter(claim__in=among(Given("claims")), version=F("claim__told"))
        .order_by("claim_id", F("ships_on").asc(nulls_last=True))
        .values_list("claim_id", "version", "quantity", "ships_on", "confirmed", "basis")
    )
)


def among(ids: Iterable[int] | Given) -> RawSQL:
    """These ids as one value for `__in`: thousands of parameters take longer than the rows that they ask for."""
    return RawSQL("SELECT unnest(%s::bigint[])", [ids if isinstance(ids, Given) else list(ids)])


def portion_of(promise: Promise) -> Portion:
    return _told(promise.quantity, promise.ships_on, promise.confirmed, promise.basis)


def _told(quantity: int, ships_on: date | None, confirmed: bool, basis: str) -> Portion:
    """A promise is about what is still to come, also where it rests on the shelf."""
    return Portion(quantity, ships_on, False, confirmed, basis)


def hold_reasons(queues: Iterable[Queue]) -> dict[int, str]:
    """Why claims of these queues are on hold, by claim. No query unless somebody is passed over."""
    items = [queue.item_id for queue in queues if queue.passed_over > queue.put_off]
    return (
        dict(Claim.objects.waiting().filter(item__in=items).exclude(hold="").values_list("pk", "hold")) if items else {}
    )


def places(claims: Iterable[Claim]) -> dict[int, int]:
    """How many claims stand before each of these in their queue, plus one, for those that wait. One query."""
    before = (
        Claim.objects.waiting()
        .filter(item=OuterRef("item"))
        .filter(Q(rank__lt=OuterRef("rank")) | earlier(OuterRef("rank"), OuterRef("place"), OuterRef("units_before")))
        .order_by()
        .values("item")
        .annotate(number=Count("pk"))
        .values("number")
    )
    waiting = Claim.objects.filter(pk__in=[claim.pk for claim in claims if claim.lacks])
    return dict(waiting.annotate(number=1 + Coalesce(Subquery(before), 0)).values_list("pk", "number"))


def earlier(rank: int | OuterRef, place: int | OuterRef, units_before: int | OuterRef) -> Q:
    """Who came before somebody of the same rank, or is an earlier part of the same place."""
    return Q(rank=rank) & (Q(place__lt=place) | Q(place=place, units_before__lt=units_before))


def items_to_fill(limit: int) -> list[int]:
    """Items that have units nobody holds while somebody waits: what a lost wake-up leaves behind."""
    return list(
        Queue.objects.filter(waiting__gt=F("passed_over"), item__on_hand__gt=F("item__allocated"))
        .order_by("item_id")
        .values_list("item_id", flat=True)[:limit]
    )


def items_to_tell(limit: int) -> list[int]:
    """Items of which somebody who waits is still to hear that her day moved."""
    in_doubt = Queue.objects.filter(in_doubt__isnull=False)
    return list(in_doubt.order_by("item_id").values_list("item_id", flat=True)[:limit])


def recount() -> Iterator[str]:
    """Recount every counter from the rows. Yields a sentence for each difference; nothing is written."""
    lacks = F("quantity") - F("allocated")
    counters = {
        "waiting": Claim.objects.all(),
        "passed_over": Claim.objects.exclude(hold="", put_off_to=None),
        "put_off": Claim.objects.exclude(put_off_to=None),
    }
    for counter, claims in counters.items():
        wrong = Queue.objects.annotate(lacking=_sum_of(claims, lacks)).exclude(lacking=F(counter))
        for queue in wrong.select_related("item").order_by("item__sku"):
            words = counter.replace("_", " ")
            yield f"{queue.item.sku}: {words} is {getattr(queue, counter)}, the claims lack {queue.lacking}."
    held = _sum_of(Claim.objects.all(), F("allocated") - F("shipped"), outer="pk")
    for item in StockItem.objects.annotate(held=held).exclude(held=F("allocated")).order_by("sku"):
        yield f"{item.sku}: allocated is {item.allocated}, the claims hold {item.held}."
    newest = Promise.objects.filter(claim=OuterRef("pk")).order_by("-version").values("version")[:1]
    open_claims = Claim.objects.filter(quantity__gt=F("shipped")).annotate(newest=Coalesce(Subquery(newest), 0))
    for claim in open_claims.exclude(newest=F("told")).select_related("item").order_by("pk"):
        yield f"{claim}: promise {claim.told} is said to hold, the newest is {claim.newest}."


def _sum_of(claims: QuerySet[Claim], units: Combinable, outer: str = "item_id") -> Coalesce:
    same = claims.filter(item=OuterRef(outer)).order_by().values("item")
    return Coalesce(Subquery(same.annotate(units=Sum(units)).values("units")), 0)
