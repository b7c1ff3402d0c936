"""What the sweep does about deadlines, at any instant; and the instants at which days are over."""

from datetime import UTC, date, datetime, timedelta

from shop import lapses

SECOND = timedelta(seconds=1)


def sweep(at: datetime) -> None:
    for notice_id in lapses.never_delivered(100):
        lapses.note_bounce(notice_id, at=at)
    for order_id in lapses.parcels_left_behind(at, 100):
        lapses.give_packing_another_day(order_id, at=at)
    for order_id in lapses.orders_due(at, 100):
        lapses.lapse(order_id, at=at)


def midnight_in_berlin(day: date) -> datetime:
    """The end of a winter day in the house."""
    return datetime(day.year, day.month, day.day, 23, tzinfo=UTC)


def midnight_on_the_azores(day: date) -> datetime:
    """The end of a winter day in the last zone of Portugal."""
    return midnight_in_berlin(day) + timedelta(hours=2)


def midnight_on_hawaii(day: date) -> datetime:
    """The end of a day in the last zone of the United States."""
    return midnight_in_berlin(day) + timedelta(hours=11)
