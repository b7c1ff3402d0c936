"""A customer's orders: by the link from our mails, or signed in. GET shows, POST acts."""

from collections import Counter

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from backorders import queries
from backorders.queue import UnableToLeave
from inventory.locking import StockBusy
from shop import cancellations, releases, resending
from shop.cancellations import CUSTOMER
from shop.models import Order, OrderLine, Variant
from shop.releases import DearerThanShown, UnableToRelease
from shop.web import access, again, basket, limits
from shop.web.forms import AskForm, CancelForm, FindForm, PostcodeForm, amount_of
from shop.web.paying import cancelled
from shop.web.standing import Standing, Units
from shop.web.watching import Live, Seen

_PER_PAGE = 20
# Who cancels here, and why, as it is written down.
REASON = "cancelled by the customer"


@require_safe
def show(request: HttpRequest, number: str) -> HttpResponse:
    order = access.find(request, number)
    if order is None:
        return access.closed(request)
    context = {
        "order": order,
        "live": Live.of(request, order, timezone.now()),
        "form": AskForm(again.sent(request)),
        "may_keep": access.may_keep(request, order),
    }
    return render(request, "order/page.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def keep(request: HttpRequest, number: str) -> HttpResponse:
    """Put an order that was placed without signing in into her account."""
    order = access.find(request, number)
    if order is None:
        return access.closed(request)
    if request.method == "POST" and access.may_keep(request, order):
        access.keep(request, order)
        messages.success(request, "It is in your account now: you find it under “Your orders”.")
    return redirect(order)


@require_safe
def show_news(request: HttpRequest, number: str) -> HttpResponse:
    """For a page that is open: what changed since it was drawn, in its places and in a sentence; or nothing."""
    order = access.find(request, number)
    if order is None:
        # Stop asking: the page is not this visitor's any more, and her next click says so.
        return HttpResponse(status=286, headers={"HX-Reswap": "none"})
    live, before = Live.of(request, order, timezone.now()), Seen.read(request.GET.get("seen", ""))
    if live.seen == before:
        return HttpResponse(status=204)
    context = {"order": order, "live": live, "news": live.seen.news_since(before)}
    return render(request, "order/news.html", context)


@require_safe
def open_link(request: HttpRequest, number: str, token: str, page: str = "order") -> HttpResponse:
    """Trade the token of a mail's link for a grant in the session, and leave the token behind. Changes nothing else."""
    granted = access.open_by_link(request, number, token)
    response = redirect(page, number) if granted else access.closed(request)
    response["Referrer-Policy"] = "no-referrer"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """For who lost the mails of an order: its link is sent once more. Whether there is such an order nobody learns."""
    user = basket.customer(request)
    form = FindForm(again.sent(request), initial={"email": user.email if user else ""})
    if request.method != "POST":
        return render(request, "order/find.html", {"form": form})
    if not form.is_valid():
        return again.ask(request)
    if not limits.is_within(request, "order_link"):
        messages.error(request, "Many links were asked for from where you are: please try again later.")
        return again.ask(request)
    number, email = form.cleaned_data["number"], form.cleaned_data["email"]
    resending.send_link(number, email, at=timezone.now())
    messages.success(request, f"If order {number} was placed with {email}, its link is on its way there.")
    return redirect("order_find")


@require_http_methods(["GET", "HEAD", "POST"])
def cancel_line(request: HttpRequest, number: str, line_id: int) -> HttpResponse:
    """Cancel a line or lower its quantity: a page that asks, a button that does it."""
    order = access.find(request, number)
    line = OrderLine.objects.select_related("claim", "order").filter(order=order, pk=line_id).first() if order else None
    if order is None or line is None:
        return access.closed(request)
    left = line.claim.quantity - line.claim.shipped
    if not left:
        messages.info(request, "Nothing of this line is left to cancel: it has shipped, or was cancelled.")
        return redirect(order)
    initial = {"units": left, "seen": line.claim.quantity}
    form = CancelForm(again.sent(request), order=order, most=left, initial=initial)
    if request.method == "POST":
        if not form.is_valid():
            return again.ask(request)
        return _cancel(request, order, line, form.cleaned_data["units"], form.cleaned_data["seen"])
    context = {"order": order, "line": line, "form": form, "left": left}
    return render(request, "order/cancel_line.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def cancel_order(request: HttpRequest, number: str) -> HttpResponse:
    """Cancel everything of an order that has not shipped."""
    order = access.find(request, number)
    if order is None:
        return access.closed(request)
    form = PostcodeForm(again.sent(request), order=order)
    if request.method == "POST":
        return _cancel(request, order) if form.is_valid() else again.ask(request)
    context = {"order": order, "standing": Standing.in_brief(order), "form": form}
    return render(request, "order/cancel_order.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def release(request: HttpRequest, number: str) -> HttpResponse:
    """Send the ready part of a together-order ahead: a page that says what leaves and what it costs, a button."""
    order = access.find(request, number)
    if order is None:
        return access.closed(request)
    if request.method == "POST":
        try:
            shown = amount_of(request.POST.get("price", ""))
            releases.release(order, shown_price=shown, actor=CUSTOMER, at=timezone.now())
        except DearerThanShown as error:
            messages.warning(request, f"{error} Nothing was changed yet.")
            return redirect("release", number)
        except (UnableToRelease, StockBusy) as error:
            return tell(request, order, error)
        else:
            messages.success(request, "The ready part is released: it leaves with the next parcel.")
            return redirect(order)
    try:
        ready = releases.ready_part(order)
    except UnableToRelease as error:
        return tell(request, order, error)
    context = {"order": order, "ready": ready, "total": order.payment.amount + ready.price}
    return render(request, "order/release.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def order_again(request: HttpRequest, number: str) -> HttpResponse:
    """Put what was ordered into her cart, as far as it is still sold: there she reads the prices and days of today."""
    order = access.find(request, number)
    if order is None:
        return access.closed(request)
    wanted = _wanted(order)
    sold = {variant.pk: units for variant, units in wanted if variant.product.published}
    if request.method != "POST":
        return render(request, "order/again.html", {"order": order, "wanted": wanted, "is_sold": bool(sold)})
    added = basket.put_all_in(request, sold) if sold else set()
    if added:
        named = "; ".join(f"{units} × {variant}" for variant, units in wanted if variant.pk in added)
        messages.success(request, f"{named} added to your cart.")
    for variant, _ in wanted:
        if variant.pk in sold.keys() - added:
            messages.warning(request, f"{variant} was not added: it would be more than a cart takes.")
    return redirect("cart")


def _wanted(order: Order) -> list[tuple[Variant, int]]:
    """What she had of it, or waits for; of an order that came to nothing, all that was ordered."""
    lines = list(order.lines.select_related("claim", "variant__product").order_by("id"))
    came_to_nothing = not any(line.claim.quantity for line in lines)
    units: Counter[Variant] = Counter()
    for line in lines:
        units[line.variant] += line.quantity if came_to_nothing else line.claim.quantity
    return [(variant, wanted) for variant, wanted in units.items() if wanted]


@login_required
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    orders = Order.objects.filter(user=basket.customer(request)).order_by("-placed_at", "-id")
    lines = Prefetch("lines", OrderLine.objects.select_related("claim").prefetch_related("returns").order_by("id"))
    page = Paginator(orders.select_related("payment").prefetch_related(lines, "releases"), _PER_PAGE).get_page(
        request.GET.get("page")
    )
    # What ships at once is looked up too: the days of a together-order are those of all its lines.
    told = queries.holding([line.claim_id for order in page for line in order.lines.all() if line.claim.left])
    rows = [(order, Units.of(order, told, timezone.localdate())) for order in page]
    return render(request, "account/orders.html", {"page": page, "rows": rows})


def _cancel(
    request: HttpRequest, order: Order, line: OrderLine | None = None, units: int = 0, seen: int | None = None
) -> HttpResponse:
    at = timezone.now()
    try:
        if line is None:
            gone = cancellations.cancel_order(order, reason=REASON, actor=CUSTOMER, at=at)
        else:
            gone = [cancellations.cancel_line(line, units, seen=seen, reason=REASON, actor=CUSTOMER, at=at)]
    except (UnableToLeave, StockBusy) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, cancelled(order, gone))
    return redirect(order)


def tell(request: HttpRequest, order: Order, error: Exception) -> HttpResponse:
    """Back to the order, with the sentence that says why nothing was done."""
    messages.info(request, str(error))
    return redirect(order)
