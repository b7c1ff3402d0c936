"""A fact that reaches more of those who wait than one transaction tells: nobody is told twice, nobody is forgotten."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

import pytest
from django.db import transaction

from backorders import looking, promises, queue
from backorders import queries as queues
from backorders.facts import Moved
from backorders.models import Notice, Queue
from backorders.queries import items_to_tell
from inventory import queries as stocks
from inventory.models import ExpectedDay, PurchaseOrderLine, StockItem
from inventory.receiving import Arrived
from notifications.models import Letter
from shop import cancellations, delays, fulfilment, settling, tasks, turns
from shop.models import Order, Variant
from tests.cast import CY, LATER, NOON, SOON, buy, days_told, inbound, stock, variant

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
NEXT = SOON + timedelta(days=7)
SLIP = NEXT + timedelta(days=7)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "REVISE_CHUNK", 2)


@pytest.fixture(autouse=True)
def books_balance() -> Iterator[None]:
    yield
    assert [*stocks.recount(), *queues.recount()] == []


class Shop:
    """Six orders of one unit wait, three for each of two purchase lines."""

    def __init__(self, sku: str = "POPULAR-CURTAINS") -> None:
        self.item = stock(sku)
        self.first, self.second = inbound(self.item, 3, SOON), inbound(self.item, 4, NEXT)
        self.curtains = variant(self.item)
        self.orders = [buy((self.curtains, 1)) for _ in range(6)]
        with transaction.atomic():
            promises.revise_all([self.locked()], reason="a first look", at=NOON)

    def locked(self) -> Queue:
        return queue.lock([self.item.pk])[self.item.pk]

    @property
    def all_but_the_fourth(self) -> list[Order]:
        """Whom it reaches that nobody knows when the first goods come: the fourth waits for the second ones already."""
        return [*self.orders[:3], *self.orders[4:]]

    def move(self, line: PurchaseOrderLine, day: date | None, reason: str = "the loom broke") -> list[Moved]:
        return delays.move_expected_day(line, day, confirmed=day is not None, reason=reason, actor=CY, at=NOON)

    def tell(self) -> None:
        settling.tell_waiting(self.item.pk, clock=lambda: NOON)

    def days(self) -> list[date | None]:
        return [day for order in self.orders for _, day in days_told(order)]

    def is_in_doubt(self) -> bool:
        return Queue.objects.get(item=self.item).in_doubt is not None


def letters(order: Order) -> list[tuple[str, list[str]]]:
    """Kinds of letters about an order after its confirmation, each with the reasons that it gives."""
    written = Letter.objects.filter(thread=order.number).exclude(template="order_placed").order_by("id")
    return [(letter.template, letter.context.get("reasons", [])) for letter in written]


def notices(item: StockItem) -> list[int]:
    """The claims that notices were written to, in the order in which they were."""
    return list(Notice.objects.filter(claim__item=item).order_by("id").values_list("claim_id", flat=True))


def claims(*orders: Order) -> list[int]:
    return [order.lines.get().claim_id for order in orders]


def everybody_was_told_what_holds(shop: Shop) -> bool:
    """A look at everybody finds nobody whose promise is not what she can expect."""
    with transaction.atomic():
        line = shop.locked()
        line.judged = None
        moved = promises.revise_all([line], reason="a look at everybody", at=NOON)
        transaction.set_rollback(True)
    return moved == []


def test_the_first_are_told_with_the_fact_and_the_others_in_the_order_of_the_queue():
    shop = Shop()

    moved = shop.move(shop.first, None)

    assert [fact.claim_id for fact in moved] == claims(*shop.orders[:2])
    assert notices(shop.item) == claims(*shop.orders[:2])
    assert items_to_tell(10) == [shop.item.pk]

    shop.tell()

    assert notices(shop.item) == claims(*shop.all_but_the_fourth)
    assert shop.days() == [NEXT] * 4 + [None] * 2
    assert not shop.is_in_doubt()
    assert everybody_was_told_what_holds(shop)


def test_what_is_told_in_chunks_is_what_is_told_at_once(monkeypatch: pytest.MonkeyPatch):
    in_chunks, at_once = Shop("LAMP"), Shop("STOOL")

    for shop, chunk in ((in_chunks, 2), (at_once, 100)):
        monkeypatch.setattr(looking, "REVISE_CHUNK", chunk)
        for line, day in ((shop.first, None), (shop.second, SLIP), (shop.first, SOON)):
            shop.move(line, day)
            shop.tell()

    def all_of(shop: Shop) -> list[object]:
        columns = ("kind", "before", "version", "old_day", "new_day", "reason", "answer_by", "told_at")
        return [
            shop.days(),
            [letters(order) for order in shop.orders],
            [list(Notice.objects.filter(claim=pk).order_by("id").values(*columns)) for pk in claims(*shop.orders)],
            list(shop.item.claims.order_by("id").values("told", "standing", "due_at")),
            Queue.objects.values("judged", "filled", "freed", "in_doubt", "looked_to").get(item=shop.item),
        ]

    assert all_of(in_chunks) == all_of(at_once)


def test_a_preview_shows_all_of_it():
    shop = Shop()
    foreseen = delays.preview_move(shop.first, None, confirmed=False, reason="no word", actor=CY, at=NOON)
    assert [fact.claim_id for fact in foreseen.outcome.moved] == claims(*shop.all_but_the_fourth)
    assert not shop.is_in_doubt()


class Killed(Exception):
    pass


def dying_clock(chunks: int) -> Callable[[], datetime]:
    """Tells the time so often, and then the worker is gone."""
    left = iter(range(chunks))

    def clock() -> datetime:
        if next(left, None) is None:
            raise Killed
        return NOON

    return clock


@pytest.mark.parametrize("chunks", [0, 1])
def test_a_worker_that_is_killed_between_two_chunks_loses_nothing(chunks, time_machine, smtp_server):
    time_machine.move_to(NOON)
    shop = Shop()
    shop.move(shop.first, None)
    with pytest.raises(Killed):
        settling.tell_waiting(shop.item.pk, clock=dying_clock(chunks))
    assert len(notices(shop.item)) == 2 + 2 * chunks

    tasks.sweep()

    assert notices(shop.item) == claims(*shop.all_but_the_fourth)
    kinds = [kind for order in shop.orders for kind, _ in letters(order)]
    assert kinds == ["days_later"] * 3 + ["answer_needed"] * 2
    assert not Letter.objects.exclude(state=Letter.State.SENT).exists()


def test_a_day_that_moves_back_between_two_chunks_is_news_for_those_who_were_told():
    shop = Shop()
    shop.move(shop.second, LATER)

    shop.move(shop.second, NEXT, "they found a faster ship")
    shop.tell()

    told, untold = shop.orders[3:5], [*shop.orders[:3], shop.orders[5]]
    assert [letters(order) for order in told] == [
        [("days_later", ["the loom broke"]), ("days_earlier", ["they found a faster ship"])]
    ] * 2
    assert [letters(order) for order in untold] == [[]] * 4
    assert everybody_was_told_what_holds(shop)


def test_a_day_that_moves_again_between_two_chunks_is_told_once_with_both_reasons():
    shop = Shop()
    shop.move(shop.second, LATER)

    shop.move(shop.second, LATER + timedelta(days=3), "the ship is late")
    shop.tell()

    first, second, third = (letters(order) for order in shop.orders[3:])
    assert first == second
    assert [reasons for _, reasons in first] == [["the loom broke"], ["the ship is late"]]
    assert [reasons for _, reasons in third] == [["the loom broke; the ship is late"]]
    assert shop.days()[3:] == [LATER + timedelta(days=3)] * 3
    assert everybody_was_told_what_holds(shop)


def test_a_cancel_between_two_chunks_moves_the_queue_up_and_nobody_else_reads_of_it():
    shop = Shop()
    shop.move(shop.second, LATER)

    cancellations.cancel_order(shop.orders.pop(0), actor="ada", at=NOON)
    shop.tell()

    # She was told a later day, and has the place of somebody with an earlier one now.
    assert letters(shop.orders[2]) == [
        ("days_later", ["the loom broke"]),
        ("days_earlier", ["somebody before you needed fewer units"]),
    ]
    assert letters(shop.orders[3]) == letters(shop.orders[4]) == [("days_later", ["the loom broke"])]
    assert shop.days() == [SOON, SOON, SOON, LATER, LATER]
    assert everybody_was_told_what_holds(shop)


def test_who_is_served_between_two_chunks_hears_that_her_goods_are_here_and_of_no_delay():
    shop = Shop()
    shop.move(shop.first, None)

    goods = [Arrived(shop.item.pk, 4)]
    fulfilment.receive("D-1", goods, order=shop.second.order, actor=CY, at=NOON)
    fulfilment.fill_waiting([shop.item.pk], actor="worker", at=NOON)
    shop.tell()

    assert [letters(order) for order in shop.orders[2:4]] == [[("units_arrived", [])]] * 2
    assert [kind for order in shop.orders[4:] for kind, _ in letters(order)] == ["answer_needed"] * 2
    assert notices(shop.item) == claims(*shop.orders[:2], *shop.orders[4:])
    assert everybody_was_told_what_holds(shop)


def test_a_rank_that_changes_between_two_chunks_forgets_nobody():
    shop = Shop()
    shop.move(shop.first, None)
    last = shop.orders[5].lines.get().claim

    turns.change(turns.rank(last, -1, reason="she is ill"), actor=CY, at=NOON)
    shop.tell()

    assert shop.days() == [NEXT, NEXT, NEXT, None, None, NEXT]
    assert [len(letters(order)) for order in shop.orders] == [1, 1, 1, 1, 1, 0]
    assert everybody_was_told_what_holds(shop)


def test_who_orders_between_two_chunks_is_told_the_new_day_at_once():
    shop = Shop()
    inbound(shop.item, 5, LATER)
    shop.move(shop.first, SLIP)

    eve = buy((shop.curtains, 1))
    shop.tell()

    assert days_told(eve) == [(1, SLIP)]
    assert letters(eve) == []
    assert everybody_was_told_what_holds(shop)


def test_two_lines_of_one_order_are_told_in_one_letter_though_a_chunk_would_end_between_them():
    item = stock()
    line = inbound(item, 6)
    plain = variant(item)
    wrapped = Variant.objects.create(
        product=plain.product, stock_item=item, price=plain.price, options=[["Wrapping", "Gift"]]
    )
    buy((plain, 1))
    both = buy((plain, 1), (wrapped, 1))

    delays.move_expected_day(line, SLIP, confirmed=True, reason="the loom broke", actor=CY, at=NOON)
    settling.tell_waiting(item.pk, clock=lambda: NOON)

    assert len(notices(item)) == 3
    assert len(letters(both)) == 1


def test_who_was_told_last_is_split_and_nobody_behind_her_is_told_a_wrong_day():
    item = stock()
    lines = [inbound(item, units, SOON + number * DAY) for number, units in enumerate((3, 1, 1, 1))]
    curtains = variant(item)
    orders = [buy((curtains, units)) for units in (1, 2, 1, 1, 1)]
    late = {line.pk: ExpectedDay(NEXT + number * DAY, True) for number, line in enumerate(lines)}
    delays.move_expected_days(late, reason="the loom broke", actor=CY, at=NOON)
    assert notices(item) == claims(*orders[:2])

    turns.change(turns.split(orders[1].lines.get().claim, 1, reason="she travels twice"), actor=CY, at=NOON)
    settling.tell_waiting(item.pk, clock=lambda: NOON)

    days = [[day for _, day in days_told(order)] for order in orders]
    assert days == [[NEXT], [NEXT, NEXT], [NEXT + DAY], [NEXT + 2 * DAY], [NEXT + 3 * DAY]]
    assert [len(letters(order)) for order in orders] == [1] * 5
