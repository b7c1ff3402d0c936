from hypothesis import given
from hypothesis import strategies as st

from shop.importing.names import marked_sku, slug, stable_sku


def test_a_sku_is_made_of_handle_and_options() -> None:
    assert stable_sku("clay-plant-pot", ["Large", "Terra cotta"]) == "CLAY-PLANT-POT-LARGE-TERRA-COTTA"
    assert stable_sku("linen-towel", []) == "LINEN-TOWEL"


def test_values_that_leave_nothing_in_ascii_are_told_apart_by_a_mark() -> None:
    blue, red = stable_sku("tea-bowl", ["青"]), stable_sku("tea-bowl", ["赤"])
    assert blue != red
    assert blue.startswith("TEA-BOWL-")


@given(st.text(min_size=1, max_size=300), st.lists(st.text(min_size=1, max_size=100), max_size=3))
def test_names_are_short_enough_and_always_the_same(handle: str, values: list[str]) -> None:
    for make in (stable_sku, marked_sku):
        assert 0 < len(make(handle, values)) <= 100
        assert make(handle, values) == make(handle, values)
    assert 0 < len(slug(handle)) <= 255
