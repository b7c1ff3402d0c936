"""Goods arrive and go to those who wait: how long it takes, what it costs others, and that it does not grow."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from backorders.models import Claim
from inventory.models import PurchaseOrder, StockItem
from inventory.receiving import Arrived
from notifications.models import Letter
from shop import checkout, fulfilment
from shop.bench import bare_sql, crowd, goods, scene
from shop.bench.goods import ACTOR
from shop.bench.rush import Neighbour
from shop.bench.scene import Scene
from shop.bench.table import Beside, Figure, Outcome, Target
from shop.bench.timing import clock
from shop.models import Cart, Order, Variant

FEW, REPETITIONS, FEW_SECONDS = 1_000, 5, 0.25
MANY, MANY_RATIO, WAIT_MS = 100_000, 20, 250
ARRIVING, LENGTHS, ARRIVING_SECONDS = 1_000, (10_000, 100_000, 1_000_000), 0.5
DELIVERIES = 3
# The time may not follow the length of the queue; what is above is noise of the machine.
NOT_GROWING = Target(2, of_ratio=True)
# Purchase lines that those who wait rest upon, a week apart.
LINES = 10
NEIGHBOURS_CARTS = 10_000


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many claims of one unit wait for an item; its purchase order covers all of them."""

    item: StockItem
    variant: Variant
    order: PurchaseOrder
    waiting: int

    @classmethod
    def gather(cls, sku: str, waiting: int, here: Scene, lines: int = LINES) -> "Crowd":
        item = goods.item_of(sku, here.at)
        variant = goods.variant_of(item)
        supply = goods.on_order(item, waiting, here.at, lines=lines)
        crowd.wait_for(supply, variant, here.at)
        scene.settle()
        return cls(item, variant, supply[0].order, waiting)

    def receive(self, units: int, here: Scene, *, number: int = 1) -> None:
        arrived = [Arrived(self.item.pk, units)]
        fulfilment.receive(f"D-{self.item.sku}-{number}", arrived, order=self.order, actor=ACTOR, at=here.at)

    def fill(self, here: Scene) -> float:
        return clock(lambda: fulfilment.fill_waiting([self.item.pk], actor=ACTOR, at=here.at))

    def faults(self, served: int) -> Iterator[str]:
        """Exactly the first ones must have their unit, and each of them a letter."""
        claims = Claim.objects.filter(item=self.item).order_by("id")
        got = list(claims.values_list("allocated", flat=True)[: self.waiting])
        if got != [1] * served + [0] * (self.waiting - served):
            yield f"{sum(got)} of {self.waiting} have a unit; it should be the first {served}."
        numbers = Order.objects.filter(lines__claim__item=self.item).values("number")
        told = Letter.objects.filter(template="units_arrived", thread__in=numbers).count()
        if told != served:
            yield f"{told} letters say that units of {self.item.sku} arrived, not {served}."


def fill_few(here: Scene) -> Outcome:
    units = here.of(FEW)
    ours, bare = [], []
    faults: list[str] = []
    for turn in range(REPETITIONS):
        waiting = Crowd.gather(f"SKU-{turn}", units, here)
        waiting.receive(units, here)
        ours.append(waiting.fill(here))
        faults += waiting.faults(units)
        bare.append(_fill_bare(units, units))
    what, beside = f"fill {units:,} waiting lines", Beside("bare SQL", median(bare))
    return Outcome(
        [Figure(what, median(ours), "s", beside, Target(FEW_SECONDS))],
        [
            f"median of {REPETITIONS}, worst {max(ours):.2f} s; {units:,} orders, {units:,} letters written each time",
            "measured elsewhere, on a 2-core machine: django-oscar 10.3 s, Vendure 10 to 38 s",
        ],
        [*faults, *scene.differences()],
    )


def fill_many(here: Scene) -> Outcome:
    """More arrives than is waited for, so that the neighbour can buy from the shelf all the while."""
    units, carts = here.of(MANY), here.of(NEIGHBOURS_CARTS)
    bare = [_fill_bare(units, units) for _ in range(2)]
    waiting = Crowd.gather("POPULAR-CURTAINS", units, here)
    keys = goods.carts_of(carts, [waiting.variant])
    (first,) = goods.carts_of(1, [goods.variant_of(goods.item_of("WARM-UP", here.at, on_hand=1))])
    waiting.receive(units + carts, here)
    shown = checkout.review(Cart.objects.get(pk=keys[0]), here.at).shown
    with Neighbour(keys, first, shown, here.at) as neighbour:
        ours = waiting.fill(here)
    waits = neighbour.rush.waits
    bare.append(_fill_bare(units, units))
    return Outcome(
        [
            Figure(
                f"fill {units:,} waiting lines",
                ours,
                "s",
                Beside("one UPDATE", median(bare)),
                Target(MANY_RATIO, of_ratio=True),
            ),
            Figure("worst wait of a checkout meanwhile", waits.worst, "ms", None, Target(WAIT_MS)),
        ],
        [
            f"one run, beside the median of {len(bare)} UPDATEs before and after it, the fastest {min(bare):.2f} s",
            f"the checkouts of that item meanwhile: {waits}",
        ],
        [*waiting.faults(units), *scene.differences()],
    )


def arrive(here: Scene) -> Outcome:
    figures, shortest = [], 0.0
    faults: list[str] = []
    for length in LENGTHS:
        waiting, units = here.of(length), here.of(ARRIVING)
        bare = _fill_bare(waiting, units)
        ours, more = _fill_head(waiting, units, here)
        faults += more
        shortest = shortest or ours
        beside = Beside("bare SQL", bare)
        figures.append(Figure(f"{units:,} arrive, {waiting:,} wait", ours, "s", beside, Target(ARRIVING_SECONDS)))
    growth = Figure("the longest queue beside the shortest", ours, "s", Beside("shortest", shortest), NOT_GROWING)
    return Outcome(
        [*figures, growth], [f"the slowest of {DELIVERIES} deliveries to each queue"], [*faults, *scene.differences()]
    )


def _fill_head(waiting: int, units: int, here: Scene) -> tuple[float, list[str]]:
    queue, times = Crowd.gather(f"SKU-{waiting}", waiting, here), []
    for number in range(1, DELIVERIES + 1):
        queue.receive(units, here, number=number)
        times.append(queue.fill(here))
    return max(times), list(queue.faults(units * DELIVERIES))


def _fill_bare(waiting: int, units: int) -> float:
    with bare_sql.connect() as connection:
        bare_sql.crowd(connection, waiting)
        return clock(lambda: bare_sql.fill(connection, units))
