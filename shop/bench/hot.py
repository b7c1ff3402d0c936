"""One SKU that everybody wants: how fast it sells, and that it is never sold twice."""

from collections.abc import Iterator, Sequence
from datetime import date
from uuid import UUID

from django.db.models import QuerySet, Sum

from backorders.models import Claim, Promise
from inventory.models import PurchaseOrderLine, StockItem
from inventory.receiving import Arrived
from notifications.models import Letter
from shop import checkout, fulfilment
from shop.bench import bare_sql, goods, rush, scene
from shop.bench.goods import ACTOR
from shop.bench.rush import Rush
from shop.bench.scene import Scene
from shop.bench.table import Beside, Figure, Outcome, Target
from shop.models import Cart, Order

BUYERS, TRIES = 16, 2400
# Of the tries: what lies on the shelf, what is on order. The last ones find nothing.
ON_HAND, INBOUND = 0.5, 0.4
MANY_BUYERS, CHECKOUTS, MANY_ON_HAND, MANY_INBOUND = 64, 10_000, 500, 300


def hot(here: Scene) -> Outcome:
    tries = here.of(TRIES, least=64)
    on_hand, inbound = int(tries * ON_HAND), int(tries * INBOUND)
    with bare_sql.connect() as bare:
        bare_sql.build(bare, 1, on_hand=on_hand, inbound=inbound)
    limit = rush.of_bare_sql(BUYERS, tries)
    item, _, carts = _stage(here, tries, on_hand, inbound)
    ours = _buy(here, BUYERS, carts)
    rate, limit_rate = ours.sold / ours.seconds, limit.sold / limit.seconds
    beside = Beside("bare SQL", limit_rate)
    return Outcome(
        [
            Figure("orders a second", rate, "/s", beside, Target(0.25, at_most=False, of_ratio=True)),
            Figure("oversold", max(0, _claimed(item) - on_hand - inbound), "", None, Target(0)),
        ],
        [
            f"{tries:,} tries by {BUYERS} buyers for {on_hand:,} on hand and {inbound:,} inbound:"
            f" {ours.sold:,} sold, {ours.refused:,} refused",
            f"ours: {ours.waits}",
            f"bare SQL: {limit.waits}",
            "measured elsewhere, on a 2-core machine: django-oscar oversells 1 to 4 units, Vendure in every try",
        ],
        [*_faults(item, ours, on_hand, inbound), *scene.differences()],
    )


def flash(here: Scene) -> Outcome:
    """Everybody has seen the page while all was there; afterwards the goods arrive in two deliveries."""
    tries = here.of(CHECKOUTS, least=96)
    on_hand, inbound = here.of(MANY_ON_HAND), here.of(MANY_INBOUND)
    item, supply, carts = _stage(here, tries, on_hand, inbound)
    ours = _buy(here, MANY_BUYERS, carts)
    faults = [*_faults(item, ours, on_hand, inbound)]
    faults += _serve(item, supply, on_hand, inbound, here)
    oversold = max(0, _claimed(item) - on_hand - inbound)
    return Outcome(
        [
            Figure(f"oversold of {tries:,} checkouts", oversold, "", None, Target(0)),
            Figure("lost", _lost(item, ours), "", None, Target(0)),
            Figure("out of order", _out_of_order(item), "", None, Target(0)),
            Figure("checkouts a second", tries / ours.seconds, "/s"),
        ],
        [
            f"{MANY_BUYERS} buyers for {on_hand} on hand and {inbound} inbound:"
            f" {ours.sold:,} sold, {ours.refused:,} refused",
            f"ours: {ours.waits}",
        ],
        [*faults, *scene.differences()],
    )


def _stage(
    here: Scene, tries: int, on_hand: int, inbound: int
) -> tuple[StockItem, Sequence[PurchaseOrderLine], list[UUID]]:
    item = goods.item_of("POPULAR-CURTAINS", here.at, on_hand=on_hand)
    supply = goods.on_order(item, inbound, here.at)
    carts = goods.carts_of(tries, [goods.variant_of(item)])
    return item, supply, carts


def _buy(here: Scene, buyers: int, carts: Sequence[UUID]) -> Rush:
    warm_up = goods.carts_of(buyers, [goods.variant_of(goods.item_of("WARM-UP", here.at, on_hand=buyers))])
    scene.settle()
    shown = checkout.review(Cart.objects.get(pk=carts[0]), here.at).shown
    return rush.of_shoppers(carts, warm_up, shown, here.at)


# --- What must hold ---------------------------------------------------------------------------------------


def _claimed(item: StockItem) -> int:
    return Claim.objects.filter(item=item).aggregate(units=Sum("quantity"))["units"] or 0


def _lost(item: StockItem, ours: Rush) -> int:
    """Sales that left no whole order with its line, payment and confirmation behind, and refusals that lost a cart."""
    whole = _orders_of(item).filter(
        payment__isnull=False,
        number__in=Letter.objects.filter(template="order_placed").values("thread"),
    )
    carts = Cart.objects.filter(lines__variant__stock_item=item)
    return abs(ours.sold - whole.count()) + abs(ours.refused - carts.count())


def _orders_of(item: StockItem) -> QuerySet[Order]:
    return Order.objects.filter(lines__claim__item=item)


def _out_of_order(item: StockItem) -> int:
    """How many claims were told another day than the one that their place in the queue gives them."""
    told = Promise.objects.filter(claim__item=item, version=1).order_by("claim_id")
    days = [day or date.max for day in told.values_list("ships_on", flat=True)]
    return sum(day != due for day, due in zip(days, sorted(days), strict=True))


def _faults(item: StockItem, ours: Rush, on_hand: int, inbound: int) -> Iterator[str]:
    supply = min(on_hand + inbound, len(ours.tries))
    if _claimed(item) != supply:
        yield f"{_claimed(item)} units were sold of {supply}."
    if ours.sold != (orders := _orders_of(item).count()):
        yield f"{ours.sold} buyers were told that they have ordered, there are {orders} orders."
    if lost := _lost(item, ours):
        yield f"{lost} orders or carts are not whole."
    if wrong := _out_of_order(item):
        yield f"{wrong} claims were promised out of order."


def _serve(
    item: StockItem, supply: Sequence[PurchaseOrderLine], on_hand: int, inbound: int, here: Scene
) -> Iterator[str]:
    """Goods arrive in two parts; each goes to those who stand first."""
    served = min(on_hand, _claimed(item))
    for number, units in enumerate((inbound // 2, inbound - inbound // 2), start=1):
        goods_in = [Arrived(item.pk, units)]
        fulfilment.receive(f"D-{number}", goods_in, order=supply[0].order, actor=ACTOR, at=here.at)
        fulfilment.fill_waiting([item.pk], actor=ACTOR, at=here.at)
        served += units
        got = list(Claim.objects.filter(item=item).order_by("id").values_list("allocated", flat=True))
        if got != [1] * served + [0] * (len(got) - served):
            yield f"After delivery {number} it is not the first {served} claims that have their units."
