"""A page asks once, for the wanted quantity, and reads from the answer what one unit would get."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from backorders.plan import Terms, quote
from inventory.supply import Arrival, supply
from shop.catalog import _of_one

TODAY = date(2026, 11, 21)
arrivals = st.builds(
    Arrival, st.integers(0, 5), st.integers(0, 30).map(lambda days: TODAY + timedelta(days)), st.integers(1, 9)
)
terms = st.builds(Terms, st.booleans(), st.none() | st.integers(0, 40), st.none() | st.integers(0, 10))


@given(st.integers(0, 5), st.lists(arrivals, max_size=4), st.integers(0, 12), terms, st.integers(1, 20))
def test_who_wants_more_gets_the_same_first_unit(
    free: int, coming: list[Arrival], waiting: int, terms: Terms, wanted: int
):
    what_is_there = supply(free, coming, since=TODAY)
    many = quote(what_is_there, waiting=waiting, wanted=wanted, terms=terms, today=TODAY)
    one = quote(what_is_there, waiting=waiting, wanted=1, terms=terms, today=TODAY)
    assert (_of_one(many).state, _of_one(many).complete_on) == (one.state, one.complete_on)
