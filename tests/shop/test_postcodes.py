"""A slip of the finger in a postcode is found, and no way of writing a right one is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.demo import people
from shop.demo.people import Person
from shop.postcodes import _FORMATS, example, is_usual

countries = st.sampled_from(sorted(_FORMATS))


@given(countries, st.sampled_from(["", " ", "-", "  ", "\u2011", "\u2013", "\u200b"]), st.booleans())
def test_the_posts_own_way_fits_however_it_is_spaced_and_in_small_letters_too(country: str, gap: str, is_small: bool):
    written = example(country).replace(" ", gap).replace("-", gap)
    assert is_usual(written.lower() if is_small else written, country)


@given(countries, st.sampled_from("0X"))
def test_a_sign_too_many_is_found(country: str, more: str):
    # American codes have nine digits as well, and no code that is short is another one's beginning.
    assert not is_usual(example(country) + more, country)


@given(countries)
def test_a_sign_that_was_dropped_is_found(country: str):
    # SW1A 1AA without its first letter is as good a British one.
    assert country == "GB" or not is_usual(example(country)[1:], country)


@pytest.mark.parametrize(
    ("postcode", "country"),
    [
        *(("M1 1AE", "GB"), ("B33 8TH", "GB"), ("CR2 6XH", "GB"), ("DN55 1PT", "GB"), ("W1A 0AX", "GB")),
        *(("EC1A 1BB", "GB"), ("BFPO 58", "GB"), ("GIR 0AA", "GB"), ("D6W XH22", "IE"), ("NXR 01", "MT")),
        *(("D-10115", "DE"), ("D 10115", "DE"), ("L1009", "LU"), ("LV 1050", "LV"), ("FIN-00100", "FI")),
        *(("SE 111 20", "SE"), ("10001-1234", "US"), ("〒100-0001", "JP")),
    ],
)
def test_other_ways_of_writing_fit(postcode: str, country: str):
    assert is_usual(postcode, country)


@pytest.mark.parametrize(
    ("postcode", "country"), [("1011", "DE"), ("101155", "DE"), ("1012", "NL"), ("O1012", "AT"), ("１０１１５", "DE")]
)
def test_what_is_no_postcode_there_does_not_fit(postcode: str, country: str):
    assert not is_usual(postcode, country)


@given(st.text(min_size=1, max_size=20))
def test_a_country_that_is_not_known_takes_anything(postcode: str):
    assert is_usual(postcode, "AQ")
    assert example("AQ") == ""


def test_everybody_in_the_demo_lives_somewhere():
    for person in vars(people).values():
        assert not isinstance(person, Person) or is_usual(person.postcode, person.country)
