"""Finds products by what shoppers type: by whole words; where there are none, by how words begin; where there are none,
by words with one slip of the finger, or that are spelled alike.

"Kettles" finds the kettle because PostgreSQL compares stems, "ketle" because it compares groups of three letters. How
much alike they must be is a setting of the connection, so that the index of letters answers. In a short word a slip
leaves hardly a group as it was: "lmap" finds the lamp because each pair of neighbours is tried the other way, and
"stol" the stool because each letter is tried twice.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import reduce
from operator import add, and_, or_
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchRank, TrigramWordSimilarity
from django.db import connection
from django.db.models import F, Q, QuerySet, Value

from shop.models import Product, ProductWords, Variant

# The language of the stems, the same as in the trigger of migration 0015.
LANGUAGE = "english"
# Who finds more looks for something else.
_MOST_FOUND = 500
_MOST_WORDS = 8
_LETTERS_OF_A_GROUP = 3
_NEAREST = 4
_LONGEST_WORD = 30


class By(Enum):
    """How it was found."""

    WORDS = "words"
    BEGINNINGS = "beginnings"
    LETTERS = "letters"


@dataclass(frozen=True, slots=True)
class Found:
    """Ids of published products, what fits best first."""

    by: By
    ids: tuple[int, ...] = ()


def find(text: str, *, most: int = _MOST_FOUND) -> Found:
    """One query if there are such words, one more for each way that finds nothing, and one before words that are not
    spelled so are looked for."""
    words = _words(text)
    query = SearchQuery(text, config=LANGUAGE, search_type="websearch")
    if words and (ids := _best_stems(query, most)):
        return Found(By.WORDS, ids)
    if words and (ids := _best_stems(_beginnings(words, " & "), most)):
        return Found(By.BEGINNINGS, ids)
    return Found(By.LETTERS, _misspelled(words, most))


def suggest(text: str, most: int) -> Sequence[Product]:
    """Products for who is still typing: their title, slug and category, by beginnings or by letters. A word that only
    the description begins so says too little."""
    words = _words(text)
    ids = _best_stems(_beginnings(words, " & ", "AB"), most) or _misspelled(words, most, "AB") if words else ()
    products = Product.objects.select_related("category").only("title", "slug", "category__name").in_bulk(ids)
    return [products[pk] for pk in ids]


def nearest(text: str) -> tuple[int, ...]:
    """A few products that fit a part of it: some of the words, or their beginnings, or their letters."""
    words = _words(text)
    if not words:
        return ()
    query = _beginnings(words, " | ")
    fits = reduce(or_, map(_alike, _long(words)), Q(document=query))
    return _best(ProductWords.objects.filter(fits), _likeness(words, _rank(query)), _NEAREST)


def meant(variants: Sequence[Variant], text: str) -> Sequence[Variant]:
    """Of a product's variants those that the words name best, by the values of their options or by their SKU: who
    looks for the blue kettle looks for no green one. All of them where the words tell none from the others."""
    words = set(_words(text))
    named = [sum(words.issuperset(_words(value)) for value in _names(variant)) for variant in variants]
    best = max(named, default=0)
    return [variant for variant, hits in zip(variants, named, strict=True) if hits == best]


def _names(variant: Variant) -> list[str]:
    return [variant.sku, *(value for _, value in variant.options)]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())[:_MOST_WORDS]


def _long(words: Sequence[str]) -> list[str]:
    return [word for word in words if len(word) >= _LETTERS_OF_A_GROUP]


def _beginnings(words: Sequence[str], joined_by: str, weights: str = "") -> SearchQuery:
    query = joined_by.join(f"{word}:*{weights}" for word in words)
    return SearchQuery(query, config=LANGUAGE, search_type="raw")


def _best_stems(query: SearchQuery, most: int) -> tuple[int, ...]:
    return _best(ProductWords.objects.filter(document=query), _rank(query), most)


def _misspelled(typed: Sequence[str], most: int, weights: str = "") -> tuple[int, ...]:
    words = _telling(typed)
    return (_best_slips(words, most, weights) if words else ()) or _best_letters(words, most)


def _telling(words: Sequence[str]) -> list[str]:
    """Without those that are no lexemes, such as "the": their slips would be."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT word FROM unnest(%s::text[]) WITH ORDINALITY AS typed (word, place)
            WHERE to_tsvector(%s::regconfig, word) <> '' ORDER BY place
            """,
            [list(words), LANGUAGE],
        )
        return [word for (word,) in cursor.fetchall()]


def _best_slips(words: Sequence[str], most: int, weights: str) -> tuple[int, ...]:
    query = _with_a_slip(words, weights)
    return _best(ProductWords.objects.filter(document=query), _likeness(words, _rank(query)), most)


def _likeness(words: Sequence[str], *more: Any) -> Any:
    return reduce(add, [*more, *(TrigramWordSimilarity(word, "spelled") for word in _long(words))])


def _with_a_slip(words: Sequence[str], weights: str) -> SearchQuery:
    """Each word as it is, or without one slip of the finger, as words begin."""
    tried = ({word, *_without_a_slip(word)} for word in words)
    query = " & ".join(f"({' | '.join(f'{each}:*{weights}' for each in sorted(some))})" for some in tried)
    return SearchQuery(query, config=LANGUAGE, search_type="raw")


def _without_a_slip(word: str) -> Iterator[str]:
    """The word with two neighbours exchanged, or a letter twice; a letter too many leaves enough groups as they are.
    Two letters are left alone: each of that would be another word."""
    if len(word) < _LETTERS_OF_A_GROUP:
        return
    for at in range(min(len(word), _LONGEST_WORD)):
        yield f"{word[:at]}{word[at]}{word[at:]}"
        if at + 1 < len(word):
            yield f"{word[:at]}{word[at + 1]}{word[at]}{word[at + 2 :]}"


def _best_letters(words: Sequence[str], most: int) -> tuple[int, ...]:
    """Every word must be spelled like one of the product's."""
    long_words = _long(words)
    if not long_words:
        return ()
    fits = reduce(and_, map(_alike, long_words))
    return _best(ProductWords.objects.filter(fits), _likeness(words), most)


def _alike(word: str) -> Q:
    return Q(spelled__trigram_word_similar=word)


def _rank(query: SearchQuery) -> SearchRank:
    # A long text names many things by the way.
    return SearchRank(F("document"), query, normalization=Value(1))


def _best(found: QuerySet[Any], score: Any, most: int) -> tuple[int, ...]:
    best_first = found.filter(product__published=True).annotate(score=score).order_by("-score", "product_id")
    return tuple(best_first.values_list("product_id", flat=True)[:most])
