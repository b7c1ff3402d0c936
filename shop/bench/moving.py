"""A supplier's day moves, and all who wait for his goods are told: how long it takes, and what it costs others."""

from collections.abc import Iterator
from datetime import date

from django.utils import timezone

from backorders.models import Claim, Notice
from backorders.queries import holding
from inventory.models import PurchaseOrderLine
from notifications.models import Letter
from shop import checkout, delays, settling
from shop.bench import goods, scene
from shop.bench.filling import MANY, NEIGHBOURS_CARTS, WAIT_MS, Crowd
from shop.bench.goods import ACTOR
from shop.bench.rush import Neighbour
from shop.bench.scene import Scene
from shop.bench.table import Figure, Outcome, Target
from shop.bench.timing import clock
from shop.models import Cart

LINES_A_SECOND = 2_000
# The goods that the neighbour buys come so many weeks later, and their day stays.
_WEEKS = 8


def move_many(here: Scene) -> Outcome:
    units, carts = here.of(MANY), here.of(NEIGHBOURS_CARTS)
    waiting = Crowd.gather("POPULAR-CURTAINS", units, here, lines=1)
    goods.on_order(waiting.item, carts, here.at, number="second", after=_WEEKS)
    line = waiting.order.lines.get()
    new_day = goods.day_of(1, here.at)
    keys = goods.carts_of(carts, [waiting.variant])
    (first,) = goods.carts_of(1, [goods.variant_of(goods.item_of("WARM-UP", here.at, on_hand=1))])
    shown = checkout.review(Cart.objects.get(pk=keys[0]), here.at).shown
    with Neighbour(keys, first, shown, here.at) as neighbour:
        ours = clock(lambda: _move(line, new_day, here))
    waits = neighbour.rush.waits
    return Outcome(
        [
            Figure("lines told a second", units / ours, "/s", None, Target(LINES_A_SECOND, at_most=False)),
            Figure("worst wait of a checkout meanwhile", waits.worst, "ms", None, Target(WAIT_MS)),
        ],
        [
            f"one run: promise, notice and letter of {units:,} lines in {ours:.1f} s",
            f"the checkouts of that item meanwhile: {waits}",
        ],
        [*_faults(waiting, new_day), *scene.differences()],
    )


def _move(line: PurchaseOrderLine, day: date, here: Scene) -> None:
    """What the desk does, and then the worker."""
    delays.move_expected_day(line, day, confirmed=True, reason="the ship is late", actor=ACTOR, at=here.at)
    settling.tell_waiting(line.item_id, clock=timezone.now)


def _faults(waiting: Crowd, new_day: date) -> Iterator[str]:
    """Each of those who waited must have one notice and one letter, in the order of the queue, and nobody else any."""
    claims = Claim.objects.filter(item=waiting.item).order_by("id")[: waiting.waiting]
    ids, numbers = [claim.pk for claim in claims], [claim.reference for claim in claims]
    notices = Notice.objects.filter(claim__item=waiting.item).order_by("id").values_list("claim_id", flat=True)
    if [*notices] != ids:
        yield f"{len(notices)} notices were written for {len(ids)} lines, or not in their order."
    letters = Letter.objects.filter(template="days_later").order_by("thread").values_list("thread", flat=True)
    if [*letters] != sorted(numbers):
        yield f"{len(letters)} letters tell another day, not one for each of {len(numbers)} orders."
    days = {portion.ships_on for _, told in holding(ids).values() for portion in told}
    if days != {new_day}:
        yield f"Those who wait are told {len(days)} days, not the new one alone."
