"""Addresses of pages and of static files, each worked out once: every page names fifty of them."""

from functools import lru_cache

from django.templatetags.static import static
from django.urls import get_script_prefix, reverse


def path_to(page: str, *values: object) -> str:
    """The path of a page by its name, below the one where the shop lies."""
    return _path(get_script_prefix(), page, values)


@lru_cache(10_000)
def _path(below: str, page: str, values: tuple[object, ...]) -> str:
    return reverse(page, args=values)


@lru_cache(1000)
def static_path(file: str) -> str:
    """The address of a static file, which changes with the file."""
    return static(file)
