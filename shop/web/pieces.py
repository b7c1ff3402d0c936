"""Every piece that pages are made of, in every state, on one page for staff: where a change of looks is looked at."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from backorders.plan import LEAD_TIME, Limit, Portion, Quote
from shop.catalog import Card, Shelf
from shop.models import Product, ProductImage
from shop.web import supply

_TOKENS = (
    *("paper", "card", "sunk", "text", "quiet", "ink", "clay", "line", "edge"),
    *("now", "now-soft", "later", "later-soft", "none", "none-soft", "wrong", "wrong-soft"),
)
_ALL = 9999


class _Fields(forms.Form):
    """A field of each sort; sent empty, each says what is wrong with it."""

    name = forms.CharField(label="Your name")
    email = forms.EmailField(help_text="We write to it when a day moves.")
    country = forms.ChoiceField(choices=[("", "Choose one"), ("DE", "Germany"), ("FR", "France")])
    note = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), required=False)
    sure = forms.BooleanField(label="Yes, I give up all of this")


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    user = request.user
    if isinstance(user, AnonymousUser) or not user.is_staff:
        raise Http404("Only staff look at pieces.")
    today = timezone.localdate()
    context = {
        "today": today,
        "tokens": _TOKENS,
        "quotes": _quotes(today),
        "timelines": [(name, _drawn(quote)) for name, quote in _answers(today)],
        "cards": _cards(today),
        "fresh": _Fields(auto_id="fresh-%s"),
        "refused": _Fields({"email": "ada"}, auto_id="refused-%s"),
        "crumbs": [Shelf(1, "Kitchen", "kitchen"), Shelf(2, "Coffee and tea", "coffee-and-tea")],
    }
    return render(request, "pieces/page.html", context)


def _quotes(today: date) -> list[Quote]:
    soon, later = today + timedelta(days=17), today + timedelta(days=43)
    return [
        Quote(1, (Portion(1, today, now=True),)),
        Quote(1, (Portion(1, today + timedelta(days=1), now=True),)),
        Quote(8, (Portion(2, today, now=True), Portion(6, soon))),
        Quote(1200, (Portion(1200, later, confirmed=False),)),
        Quote(20, (Portion(3, today, now=True), Portion(5, soon), Portion(10, later)), Limit.UNSUPPLIED),
        Quote(1, (), Limit.CLOSED),
    ]


def _answers(today: date) -> list[tuple[str, Quote]]:
    weeks = [Portion(10 + week, today + timedelta(weeks=week)) for week in range(1, 9)]
    here = Portion(2, today, now=True)
    endless = Portion(_ALL - 2, today + timedelta(days=28), confirmed=False, basis=LEAD_TIME)
    return [
        ("All of it here", Quote(_ALL, (here,), Limit.CLOSED)),
        ("Some here, two deliveries", Quote(_ALL, (here, *weeks[:2]), Limit.UNSUPPLIED)),
        ("Nothing here, four deliveries", Quote(_ALL, tuple(weeks[:4]), Limit.FULL)),
        ("More deliveries than stops", Quote(_ALL, (here, *weeks), Limit.TOO_LONG)),
        ("Made to order", Quote(_ALL, (here, endless))),
    ]


def _drawn(answer: Quote) -> dict[str, Any]:
    return {"stops": supply.stops(answer, 4), "limit": answer.limit, "before_you": 12}


def _cards(today: date) -> list[Card]:
    drawings = ("enamel-kettle", "oak-stool", "desk-lamp", "")
    names = ("Enamel Kettle", "Oak Stool", "Jointed Desk Lamp", "An article with a long name and no picture yet")
    quotes = (*(_quotes(today)[at] for at in (0, 3, 5)), Quote(1, (Portion(1, today, now=True),)))
    return [
        Card(
            product=Product(title=name, slug=drawing or "parcel"),
            image=ProductImage(drawing=drawing) if drawing else None,
            price=Decimal("64.00"),
            compare_at_price=Decimal("79.00") if number == 1 else None,
            has_range=number == 0,
            quote=quote,
            choices=3,
            in_stock=2 if number == 0 else 0,
        )
        for number, (name, drawing, quote) in enumerate(zip(names, drawings, quotes, strict=True))
    ]
