"""HTML that came from elsewhere, made safe by an allow-list. Used on save and once more on render."""

import re
from functools import lru_cache
from urllib.parse import urlsplit

import nh3

_SCHEMES = {"http", "https", "mailto", "tel"}
# Not //, which leads to another shop.
_PATH = re.compile(r"/(?![/\\])")
_TAGS = {
    *(
        "a",
        "abbr",
        "b",
        "br",
        "cite",
        "code",
        "del",
        "em",
        "i",
        "ins",
        "q",
        "s",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
    ),
    *("blockquote", "dd", "dl", "dt", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "u", "ul"),
    *("caption", "table", "tbody", "td", "tfoot", "th", "thead", "tr"),
}
# What stands inside these is never meant to be read, so it goes with the tag.
_DROPPED_WITH_CONTENT = {
    *("applet", "embed", "iframe", "math", "noembed", "noframes", "noscript", "object"),
    *("script", "select", "style", "svg", "template", "textarea", "title"),
}


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Keep only addresses that lead somewhere: a relative one pointed into the shop that the text came from."""
    return value if name != "href" or _scheme(value) in _SCHEMES else None


def _own_attribute(tag: str, name: str, value: str) -> str | None:
    """What was written here leads to pages of this shop as well, by their path."""
    return value if _PATH.match(value) else _attribute(tag, name, value)


def _scheme(address: str) -> str:
    try:
        return urlsplit(address.strip()).scheme.lower()
    except ValueError:
        return ""


# A text is read far more often than it is changed; those of a big import are not all kept.
@lru_cache(200)
def clean(html: str, *, own: bool = False) -> str:
    """The same text with every tag and attribute removed that is not on the list. Cleaning twice changes nothing.

    The house's `own` words may lead to pages of this shop.
    """
    return nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags=_DROPPED_WITH_CONTENT,
        attributes={
            "a": {"href", "title"},
            "abbr": {"title"},
            "td": {"colspan", "rowspan"},
            "th": {"colspan", "rowspan"},
        },
        attribute_filter=_own_attribute if own else _attribute,
        url_schemes=_SCHEMES,
        link_rel=None if own else "nofollow noopener",
        strip_comments=True,
    ).strip()
