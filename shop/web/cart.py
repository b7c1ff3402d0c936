"""The cart page and what changes a cart. Quoted anew on every view; it reserves nothing and says so."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from backorders.plan import Limit
from inventory.locking import StockBusy
from inventory.prepared import Given, Prepared
from shop import carts, catalog, checkout, demand
from shop.carts import Contents, LineQuote, Parcel
from shop.models import ProductImage, Variant
from shop.web import again, basket, seen
from shop.web.forms import id_of, quantity_of

# Of what was typed as a quantity so much is shown again.
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Row:
    """A line's part of one shipment. Where the line is met first, its quantity is changed and news of it is told."""

    line: LineQuote
    units: int
    is_first: bool
    image: ProductImage | None
    changed: str

    @property
    def total(self) -> Decimal:
        return self.line.unit_price * self.units


@dataclass(frozen=True, slots=True)
class Group:
    """What ships together; without a parcel, the lines that cannot be promised as they are."""

    parcel: Parcel | None
    rows: tuple[Row, ...]

    @property
    def total(self) -> Decimal:
        return sum((row.total for row in self.rows), Decimal(0))


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    contents = contents_of(request)
    _note_what_is_missing(request, contents)
    context = {
        "contents": contents,
        "groups": list(_groups(contents, seen.changes(request, contents))),
        "foreseen": checkout.foreseen(contents) if contents.can_be_ordered else None,
        "wrong": _wrong(again.sent(request)),
        "here": "cart",
    }
    return render(request, "cart/page.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Put a variant into the cart. What cannot be read leads back to the product, with a sentence."""
    if request.method != "POST":
        return redirect("cart")
    variant = _sold.first(variant=id_of(request.POST.get("variant", "")) or 0)
    if variant is None:
        messages.error(request, "This article is not sold any more. Please choose another one.")
        return redirect("home")
    text = request.POST.get("quantity", "")
    page = f"{variant.product.get_absolute_url()}?variant={variant.pk}"
    try:
        units = quantity_of(text)
        basket.put_in(request, variant, units)
    except ValidationError as error:
        if len(text) <= _SHOWN and text.isprintable():
            return redirect(f"{page}&{urlencode({'quantity': text})}")
        messages.error(request, error.messages[0])
        return redirect(page)
    except carts.UnableToChangeCart as error:
        messages.error(request, str(error))
        return redirect(page)
    messages.success(request, f"{units} × {variant} added to your cart.")
    return redirect("cart")


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, line_id: int) -> HttpResponse:
    """Set a line's quantity; 0 removes it."""
    sent = again.sent(request, reverse("cart"))
    cart = basket.find(request) if request.method == "POST" else None
    if cart is not None and sent is not None:
        try:
            units = quantity_of(sent.get("quantity", ""), least=0)
            line = carts.set_quantity(cart, line_id, units)
        except ValidationError:
            return again.ask(request, reverse("cart"), at=f"quantity-{line_id}", line=str(line_id))
        except (carts.UnableToChangeCart, StockBusy) as error:
            messages.error(request, str(error))
            return redirect("cart")
        if line is None:
            messages.info(request, "That is not in your cart any more.")
        elif units:
            messages.success(request, f"{line.variant}: the quantity is {units} now.")
        else:
            messages.success(request, f"{line.variant} is out of your cart.")
    return redirect("cart")


def _wrong(sent: QueryDict | None) -> dict[str, str]:
    """A quantity that cannot be one: of which `line`, as it was typed, and a sentence about it. Empty without one."""
    if sent is None:
        return {}
    text = sent.get("quantity", "")
    try:
        quantity_of(text, least=0)
    except ValidationError as error:
        return {"line": sent.get("line", ""), "text": text[:_SHOWN], "sentence": error.messages[0]}
    return {}


def _note_what_is_missing(request: HttpRequest, contents: Contents) -> None:
    short: dict[int, tuple[int, Limit]] = {}
    for line in contents.lines:
        if line.missing and line.limit:
            item_id = line.variant.stock_item_id
            short[item_id] = short.get(item_id, (0, line.limit))[0] + line.missing, line.limit
    refused = [(item_id, units, limit) for item_id, (units, limit) in short.items()]
    demand.note(refused, basket.visitor(request), at=timezone.now())


_sold = Prepared(lambda: Variant.objects.filter(pk=Given("variant"), product__published=True).select_related("product"))


def contents_of(request: HttpRequest) -> Contents:
    """The visitor's cart as it stands now; the count in the header follows."""
    key = basket.key(request)
    contents = carts.contents(key, timezone.now()) if key else Contents(())
    basket.remember_units(request, contents.units)
    return contents


def _groups(contents: Contents, changes: Mapping[int, str]) -> Iterator[Group]:
    """What cannot be promised first, then shipment by shipment."""
    covers = catalog.covers(line.variant.product_id for line in contents.lines)
    met: set[int] = set()

    def row(line: LineQuote, units: int) -> Row:
        pk = line.line.pk
        is_first = pk not in met
        met.add(pk)
        return Row(line, units, is_first, covers.get(line.variant.product_id), changes.get(pk, "") if is_first else "")

    if stuck := [line for line in contents.lines if line.missing]:
        yield Group(None, tuple(row(line, line.quantity) for line in stuck))
    for parcel in contents.parcels:
        if rows := tuple(row(line, units) for line, units in parcel.parts if not line.missing):
            yield Group(parcel, rows)
