"""A claim is split: its parts stand where it stood, each unit keeps its day, and nothing else changes for anybody."""

from decimal import Decimal

import pytest

from backorders import queries as queues
from backorders.deadlines import Kind, Standing
from backorders.models import Bounce, Claim, ClaimChange, Consent, Notice, Promise, Queue
from backorders.queries import holding
from backorders.turns import UnableToChangeTurn
from inventory import queries as stocks
from inventory.models import PurchaseOrderLine
from inventory.receiving import Arrived
from notifications.models import Letter
from shop import answers, cancellations, fulfilment, turns
from shop.models import Goodwill, Order, OrderLine, Refund, Sends
from shop.settling import Outcome
from tests.cast import BO, CY, LATER, NOON, SOON, TODAY, buy, days_told, inbound, stock, variant
from tests.letters import DAY, arrive, bought, keep, move, noon_of, paid
from tests.sweeping import SECOND, midnight_in_berlin, sweep

pytestmark = pytest.mark.django_db


def scarce(*arriving: int) -> list[PurchaseOrderLine]:
    """So many units come soon, and each of the others a month after the one before."""
    item = stock()
    return [inbound(item, units, SOON + number * 26 * DAY) for number, units in enumerate(arriving)]


def claims_of(order: Order) -> list[Claim]:
    """In the order in which they were made."""
    return [line.claim for line in order.lines.select_related("claim__notice").order_by("id")]


def split(claim: Claim, units: int, *, reason: str = "she travels twice") -> Outcome:
    return turns.change(turns.split(claim, units, reason=reason), actor=CY, at=NOON)


def told(claim: Claim) -> list[tuple[int, object]]:
    return [(portion.quantity, portion.ships_on) for portion in holding([claim.pk])[claim.pk][1]]


def give(item_id: int, units: int) -> None:
    """Units are found on the shelf, and go to whoever is next."""
    fulfilment.correct_stock(item_id, units, reason="found behind the shelf", actor=CY, at=NOON)


def faults() -> list[str]:
    return [*stocks.recount(), *queues.recount()]


# What becomes of the units.


def test_the_latest_units_become_a_claim_of_their_own_with_the_days_they_were_told():
    soon, _ = scarce(2, 2)
    order = buy((variant(soon.item), 4))

    outcome = split(claims_of(order)[0], 3)

    whole, part = claims_of(order)
    assert (told(whole), told(part)) == ([(1, SOON)], [(1, SOON), (2, LATER)])
    assert [(line.quantity, line.claim.quantity, line.unit_price) for line in order.lines.order_by("id")] == [
        (1, 1, Decimal("49.00")),
        (3, 3, Decimal("49.00")),
    ]
    assert (part.reference, part.customer, part.placed_at) == (whole.reference, whole.customer, whole.placed_at)
    assert outcome == Outcome((), ())
    assert faults() == []


def test_what_is_set_aside_stays_and_what_waits_can_leave_all_at_once():
    item = stock(on_hand=2)
    inbound(item, 2)
    order = buy((variant(item), 4))

    split(claims_of(order)[0], 2)

    assert [(claim.quantity, claim.allocated) for claim in claims_of(order)] == [(2, 2), (2, 0)]
    assert faults() == []


def test_nobody_is_written_to_and_what_is_owed_stays_the_same():
    soon, _ = scarce(2, 2)
    order = buy((variant(soon.item), 4))
    before = (order.goods_total, order.payment.amount, Letter.objects.count(), Queue.objects.get().waiting)

    split(claims_of(order)[0], 2)

    order = Order.objects.get(pk=order.pk)
    assert (order.goods_total, order.payment.amount, Letter.objects.count(), Queue.objects.get().waiting) == before
    assert not Refund.objects.exists()


def test_who_did_it_and_why_is_kept_beside_both_claims():
    soon, _ = scarce(2, 2)
    order = buy((variant(soon.item), 4))

    split(claims_of(order)[0], 3)

    whole, part = claims_of(order)
    assert [str(row) for row in ClaimChange.objects.order_by("id")] == [
        "Split: 4 → 1: she travels twice",
        f"Split: part of claim {whole.pk} → 3: she travels twice",
    ]
    assert list(part.changes.values_list("actor", "at")) == [(CY, NOON)]


# Where the parts stand.


def test_both_parts_stand_where_the_whole_stood_before_those_who_came_later():
    (soon,) = scarce(9)
    curtains = variant(soon.item)
    ada, bo = buy((curtains, 3)), buy((curtains, 2), who=BO)
    split(claims_of(ada)[0], 1)

    assert queues.places([*claims_of(ada), *claims_of(bo)]) == {
        claims_of(ada)[0].pk: 1,
        claims_of(ada)[1].pk: 2,
        claims_of(bo)[0].pk: 3,
    }
    given = []
    for _ in range(4):
        give(soon.item_id, 1)
        given.append([claim.allocated for claim in (*claims_of(ada), *claims_of(bo))])
    assert given == [[1, 0, 0], [2, 0, 0], [2, 1, 0], [2, 1, 1]]


def test_parts_of_a_claim_that_is_split_again_stand_in_the_order_of_their_units():
    lines = scarce(1, 1, 1, 1)
    ada = buy((variant(lines[0].item), 4))
    whole, days = claims_of(ada)[0], [SOON + number * 26 * DAY for number in range(4)]

    split(whole, 2)
    whole, late = claims_of(ada)
    split(whole, 1)
    split(late, 1)

    first, third, second, last = claims_of(ada)
    assert list(Claim.objects.in_order()) == [first, second, third, last]
    assert [told(claim) for claim in (first, second, third, last)] == [[(1, day)] for day in days]
    assert {claim.place for claim in claims_of(ada)} == {first.pk}
    move(lines[3], days[3] + DAY)
    assert [told(claim)[0][1] for claim in (first, second, third, last)] == [*days[:3], days[3] + DAY]


def test_the_newest_unit_gives_way_first_also_of_parts_of_one_place():
    item = stock()
    inbound(item, 4)
    order = buy((variant(item), 4))
    split(claims_of(order)[0], 2)
    split(claims_of(order)[0], 1)
    give(item.pk, 4)

    fulfilment.correct_stock(item.pk, -2, reason="two were damaged", actor=CY, at=NOON)

    first, last, second = claims_of(order)
    assert [claim.allocated for claim in (first, second, last)] == [1, 1, 0]


def test_a_part_of_a_claim_that_is_passed_over_is_passed_over_as_well():
    soon, later = scarce(2, 2)
    order = buy((variant(soon.item), 2))
    turns.change(turns.hold(claims_of(order)[0], reason="the address is unclear"), actor=CY, at=NOON)
    turns.change(turns.put_off(claims_of(order)[0], later, reason="not before May"), actor=CY, at=NOON)

    split(claims_of(order)[0], 1)

    whole, part = claims_of(order)
    assert (part.hold, part.put_off_to_id, part.rank) == (whole.hold, later.pk, whole.rank)
    assert (Queue.objects.get().passed_over, Queue.objects.get().put_off) == (2, 2)
    assert faults() == []


# What each part can then do by itself.


def test_a_part_is_put_off_by_itself():
    soon, later = scarce(2, 2)
    order = buy((variant(soon.item), 2))
    split(claims_of(order)[0], 1)

    turns.change(turns.put_off(claims_of(order)[1], later, reason="she is away until then"), actor=CY, at=NOON)

    assert days_told(order) == [(1, SOON), (1, LATER)]


def test_a_part_is_cancelled_by_itself_and_only_its_price_goes_back(settings):
    settings.PAYMENT_METHODS = ["invoice", "transfer"]
    soon, _ = scarce(2, 2)
    order = paid((variant(soon.item), 4))
    split(claims_of(order)[0], 1)
    part = order.lines.order_by("id")[1]

    cancellations.cancel_line(part, 1, actor="customer", at=NOON)

    assert Refund.objects.get().amount == Decimal("49.00")
    assert [claim.quantity for claim in claims_of(order)] == [3, 0]
    assert told(claims_of(order)[0]) == [(2, SOON), (1, LATER)]
    (items,) = Letter.objects.filter(template="units_withdrawn").values_list("context__items", flat=True)
    assert [item["what"] for item in items] == ["1 × Popular curtains"]


def test_one_letter_tells_of_units_that_came_for_both_parts():
    (soon,) = scarce(2)
    order = bought((variant(soon.item), 2))
    split(claims_of(order)[0], 1)

    arrive(soon, 2)

    (items,) = Letter.objects.filter(template="units_arrived").values_list("context__items", flat=True)
    assert [item["what"] for item in items] == ["1 × Popular curtains", "1 × Popular curtains"]
    fulfilment.ship_ready(order, actor=CY, at=NOON)
    assert [claim.shipped for claim in claims_of(order)] == [1, 1]


# Delays.


def test_a_letter_of_a_delay_names_one_article_that_stands_on_two_lines():
    (soon,) = scarce(3)
    order = bought((variant(soon.item), 3))
    split(claims_of(order)[0], 1)

    move(soon, SOON + 45 * DAY)

    letter = Letter.objects.get(template="answer_needed")
    assert letter.context["what"] == "3 × Popular curtains"
    assert [item["what"] for item in letter.context["items"]] == ["2 × Popular curtains", "1 × Popular curtains"]


def test_each_part_is_due_by_the_day_of_its_own_units():
    soon, _ = scarce(2, 2)
    order = buy((variant(soon.item), 4))

    split(claims_of(order)[0], 2)

    assert [claim.due_at for claim in claims_of(order)] == [midnight_in_berlin(SOON), midnight_in_berlin(LATER)]
    sweep(midnight_in_berlin(SOON) + SECOND)
    assert [claim.quantity for claim in claims_of(order)] == [0, 2]
    sweep(midnight_in_berlin(LATER) + SECOND)
    assert [claim.quantity for claim in claims_of(order)] == [0, 0]


def test_what_leaves_together_is_due_together():
    soon, _ = scarce(2, 2)
    order = buy((variant(soon.item), 4), sends=Sends.TOGETHER)

    split(claims_of(order)[0], 2)

    assert [claim.due_at for claim in claims_of(order)] == [midnight_in_berlin(LATER)] * 2


def test_nothing_is_due_of_a_part_that_is_not_paid_yet(settings):
    settings.PAYMENT_METHODS = ["invoice", "transfer"]
    soon, _ = scarce(2, 2)
    order = bought((variant(soon.item), 4), payment="transfer")

    split(claims_of(order)[0], 2)

    assert [claim.due_at for claim in claims_of(order)] == [None, None]


def delayed() -> tuple[Order, PurchaseOrderLine]:
    """Two units were told ten days later, which silence keeps; then they are split."""
    (soon,) = scarce(2)
    order = buy((variant(soon.item), 2))
    move(soon, SOON + 10 * DAY)
    split(claims_of(order)[0], 1)
    return order, soon


def test_the_notice_of_a_delay_holds_for_both_parts():
    order, line = delayed()

    assert [(claim.standing, claim.due_at) for claim in claims_of(order)] == [
        (Standing.DELAYED, midnight_in_berlin(SOON + 10 * DAY))
    ] * 2
    move(line, SOON + 20 * DAY, on=TODAY + DAY)
    kinds = [list(claim.notices.order_by("id").values_list("kind", flat=True)) for claim in claims_of(order)]
    assert kinds == [[Kind.SHORT, Kind.RENEWED]] * 2
    assert Letter.objects.filter(template="answer_needed").count() == 1
    keep(order, on=TODAY + 2 * DAY)
    assert [claim.standing for claim in claims_of(order)] == [Standing.AGREED] * 2


def test_a_delay_that_is_undone_is_undone_for_both_parts():
    order, line = delayed()
    move(line, SOON, on=TODAY + DAY)
    assert [claim.standing for claim in claims_of(order)] == [Standing.AS_TOLD] * 2


def test_a_notice_that_did_not_arrive_was_not_told_of_either_part():
    order, _ = delayed()
    Letter.objects.filter(template="days_later").update(state=Letter.State.DEAD, server_answer="no such mailbox")

    sweep(noon_of(TODAY + DAY))

    assert Bounce.objects.count() == 2
    assert [claim.due_at for claim in claims_of(order)] == [midnight_in_berlin(SOON)] * 2


def test_a_part_of_what_was_never_told_stays_due_by_the_day_before():
    (soon,) = scarce(2)
    order = buy((variant(soon.item), 2))
    move(soon, SOON + 10 * DAY)
    Letter.objects.filter(template="days_later").update(state=Letter.State.DEAD, server_answer="no such mailbox")
    sweep(noon_of(TODAY + DAY))

    split(claims_of(order)[0], 1)

    assert [claim.due_at for claim in claims_of(order)] == [midnight_in_berlin(SOON)] * 2


def test_her_last_day_ends_both_parts():
    (soon,) = scarce(2)
    order = buy((variant(soon.item), 2))
    move(soon, SOON + 10 * DAY)
    line, last = order.lines.get(), SOON + 12 * DAY
    answers.set_last_day(order, line.pk, last, actor="customer", at=NOON)

    split(claims_of(order)[0], 1)

    assert [(claim.standing, claim.due_at) for claim in claims_of(order)] == [
        (Standing.LAST_DAY, midnight_in_berlin(last))
    ] * 2
    assert list(Consent.objects.order_by("id").values_list("answer", "detail")) == [("last_day", last.isoformat())] * 2


def test_goodwill_counts_a_parts_delay_from_the_day_that_was_promised_first(settings):
    settings.GOODWILL_AFTER_DAYS = 20
    order, line = delayed()

    move(line, SOON + 25 * DAY, on=TODAY + DAY)

    assert list(Goodwill.objects.values_list("order", "days_late")) == [(order.pk, 25)]


def test_a_part_knows_all_that_was_told_of_its_units_and_when():
    order, _ = delayed()
    whole, part = claims_of(order)

    rows = Promise.objects.order_by("version").values_list("version", "quantity", "ships_on", "reason", "told_at")
    assert list(rows.filter(claim=part)) == [
        (1, 1, SOON, "", NOON),
        (2, 1, SOON + 10 * DAY, "Held at customs in Ulm", NOON),
        (3, 1, SOON + 10 * DAY, "split off", NOON),
    ]
    assert (whole.told, part.told) == (3, 3)


# What is refused.


def refused(order: Order, units: int, *, at=NOON, reason: str = "she travels twice") -> str:
    turn = turns.split(claims_of(order)[0], units, reason=reason)
    with pytest.raises(UnableToChangeTurn) as refusal:
        turns.change(turn, actor=CY, at=at)
    assert OrderLine.objects.filter(order=order).count() == 1
    return str(refusal.value)


@pytest.mark.parametrize("units", [0, 4, 5])
def test_something_waits_in_each_part_and_one_unit_stays(units):
    (soon,) = scarce(4)
    assert refused(buy((variant(soon.item), 4)), units) == "Split off at least 1 and at most 3 of the 4 units."


def test_what_is_on_the_shelf_for_her_is_not_split_off():
    item = stock(on_hand=2)
    inbound(item, 2)
    assert "at most 2 of the 4 units" in refused(buy((variant(item), 4)), 3)


def test_a_single_unit_is_not_split():
    (soon,) = scarce(1)
    assert "a single unit" in refused(buy((variant(soon.item), 1)), 1)


def test_a_split_without_a_reason_is_refused():
    (soon,) = scarce(2)
    assert "Say why" in refused(buy((variant(soon.item), 2)), 1, reason=" ")


def test_while_her_answer_is_awaited_nothing_is_split():
    (soon,) = scarce(2)
    order = buy((variant(soon.item), 2))
    move(soon, SOON + 45 * DAY)
    assert "asked about a delay" in refused(order, 1)
    assert Notice.objects.count() == 1


def test_what_should_have_left_already_is_not_split():
    (soon,) = scarce(2)
    order = buy((variant(soon.item), 2))
    assert "Its day has passed" in refused(order, 1, at=noon_of(SOON + DAY))


def test_who_saw_another_number_of_units_waiting_is_told():
    (soon,) = scarce(4)
    order = buy((variant(soon.item), 4))
    turn = turns.split(claims_of(order)[0], 2, reason="she travels twice")
    fulfilment.receive("D-1", [Arrived(soon.item_id, 1)], order=soon.order, actor=CY, at=NOON)
    fulfilment.fill_waiting([soon.item_id], actor="worker", at=NOON)

    with pytest.raises(UnableToChangeTurn, match="it waits for 3 now"):
        turns.change(turn, actor=CY, at=NOON)


def test_what_is_foreseen_is_what_happens_and_nothing_is_left_of_the_look():
    soon, _ = scarce(2, 2)
    order = buy((variant(soon.item), 4))
    turn = turns.split(claims_of(order)[0], 2, reason="she travels twice")

    foreseen = turns.preview(turn, actor=CY, at=NOON)

    assert (OrderLine.objects.count(), Claim.objects.count(), ClaimChange.objects.count()) == (1, 1, 0)
    assert turns.change(turn, actor=CY, at=NOON) == foreseen.outcome == Outcome((), ())
