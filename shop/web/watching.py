"""An order's page that is left open: it asks twice a minute whether anything on it changed, while anything can."""

import hashlib
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString

from shop import inquiries
from shop.formats import count, long_day
from shop.models import Order
from shop.web.paying import Paying
from shop.web.standing import Standing

_CHANGED = "Something changed: this page shows your order as it is now."


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page shows, as far as a sentence can tell how it changed; `digest` stands for every word of it."""

    shipped: int
    ready: int
    replies: int
    by: date | None
    digest: str

    def __str__(self) -> str:
        day = self.by.isoformat() if self.by else ""
        return f"{self.shipped}.{self.ready}.{self.replies}.{day}.{self.digest}"

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Out of an address of ours; None for what is none."""
        found = re.fullmatch(
            r"([0-9]{1,9})\.([0-9]{1,9})\.([0-9]{1,9})\.(\d{4}-[01]\d-[0-3]\d)?\.([0-9a-f]{16})", text, re.ASCII
        )
        if found is None:
            return None
        shipped, ready, replies, day, digest = found.groups()
        try:
            return cls(int(shipped), int(ready), int(replies), date.fromisoformat(day) if day else None, digest)
        except ValueError:
            return None

    def news_since(self, before: Self | None) -> str:
        """What became of the order since a page showed it, for who listens to the page or has just looked away."""
        if before is None:
            return _CHANGED
        parts = [
            _more(self.shipped - before.shipped, "has shipped", "have shipped"),
            _more(self.ready - before.ready, "is set aside for you now", "are set aside for you now"),
            f"The last of it ships by {long_day(self.by)} now." if self.by and self.by != before.by else "",
            "We answered your question." if self.replies > before.replies else "",
        ]
        return " ".join(filter(None, parts)) or _CHANGED


@dataclass(frozen=True, slots=True)
class Live:
    """The parts of an order's page that change while it is open, drawn."""

    story: SafeString
    beside: SafeString
    conversation: SafeString
    seen: Seen
    can_change: bool

    @classmethod
    def of(cls, request: HttpRequest, order: Order, at: datetime) -> Self:
        standing, conversation = Standing.of(order), inquiries.of_order(order)
        context: dict[str, Any] = {
            "order": order,
            "standing": standing,
            "paying": Paying.of(order, at),
            "conversation": conversation,
            "today": timezone.localdate(at),
            "now": at,
        }
        story, beside, said = (
            render_to_string(f"order/{name}.html", context, request) for name in ("_story", "_beside", "_conversation")
        )
        seen = Seen(
            standing.shipped,
            standing.ready,
            sum(len(inquiry.replies.all()) for inquiry in conversation),
            standing.by,
            hashlib.sha256(f"{story}{beside}{said}".encode()).hexdigest()[:16],
        )
        can_change = bool(standing.left or standing.coming_back) or inquiries.is_unanswered(conversation)
        return cls(story, beside, said, seen, can_change)


def _more(units: int, one: str, many: str) -> str:
    return f"{count(units, 'unit')} {one if units == 1 else many}." if units > 0 else ""
