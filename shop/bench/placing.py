"""Placing one order: the function that the review page's button calls, beside bare SQL, in turns."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from shop import checkout
from shop.bench import bare_sql, goods, scene
from shop.bench.scene import Scene
from shop.bench.table import Beside, Figure, Outcome, Target
from shop.bench.timing import Times, clock, counting
from shop.models import Cart, Sends

SKUS = 40
ORDERS, WARM_UP, COUNTED = 300, 20, 12
# By number of lines: milliseconds and queries; what a peer needs for the same.
LIMITS = {1: (4, 12), 3: (6, 16)}
PEERS = {1: "django-oscar 14 ms, 17 queries", 3: "django-oscar 29 ms, 41 queries"}
BARE_STATEMENTS = 4


def one_line(here: Scene) -> Outcome:
    return _place(here, 1)


def three_lines(here: Scene) -> Outcome:
    return _place(here, 3)


def _place(here: Scene, lines: int) -> Outcome:
    orders = here.of(ORDERS, least=20)
    carts = _carts(here, lines, orders + WARM_UP + COUNTED)
    for _ in range(WARM_UP):
        _order(carts.pop(), here)()
    queries = max(_queries(carts.pop(), here) for _ in range(COUNTED))
    ours, bare = _in_turns(carts, lines, here)
    most, most_queries = LIMITS[lines]
    return Outcome(
        [
            Figure(f"order of {lines} line(s)", ours.median, "ms", Beside("bare SQL", bare.median), Target(most)),
            Figure("queries", queries, "", Beside("bare SQL", BARE_STATEMENTS), Target(most_queries)),
        ],
        [
            f"ours: {ours}",
            f"bare SQL: {bare}",
            "half of the lines come from the shelf, half are backordered",
            f"measured elsewhere, on a 2-core machine: {PEERS[lines]}",
        ],
        scene.differences(),
    )


def _carts(here: Scene, lines: int, count: int) -> list[UUID]:
    """Carts of so many lines over many SKUs, of which every second one is on the shelf."""
    items = [goods.item_of(f"SKU-{n}", here.at, on_hand=count * lines * (n % 2)) for n in range(SKUS)]
    for item in items[::2]:
        goods.on_order(item, count * lines, here.at, lines=3)
    variants = [goods.variant_of(item) for item in items]
    around = variants + variants
    carts = goods.carts_of(count, *(around[n : n + lines] for n in range(SKUS)))
    scene.settle()
    return carts


def _order(cart_id: UUID, here: Scene) -> Callable[[], object]:
    """What the button does; what the page does before it, is done."""
    shown = checkout.review(Cart.objects.get(pk=cart_id), here.at).shown
    return lambda: checkout.place_order(
        cart_id, shown=shown, sends=Sends.AS_READY, consented=True, user=None, at=here.at
    )


def _queries(cart_id: UUID, here: Scene) -> int:
    place = _order(cart_id, here)
    with counting() as statements:
        place()
    return len(statements)


def _in_turns(carts: list[UUID], lines: int, here: Scene) -> tuple[Times, Times]:
    """One of ours, one of bare SQL, and so on: whatever else the machine does hits both."""
    ours, bare = [], []
    with bare_sql.connect() as connection:
        bare_sql.build(connection, SKUS, on_hand=len(carts) * lines, inbound=0)
        for turn, cart_id in enumerate(carts):
            ours.append(clock(_order(cart_id, here)))
            wanted = [(turn + place) % SKUS + 1 for place in range(lines)]
            bare.append(clock(partial(bare_sql.place, connection, wanted)))
    return Times(ours), Times(bare)
