"""Answering a delay: by the link from our letters, or signed in. GET shows, POST acts.

A form carries what its page showed, so that an answer to an old question is refused and a second click does nothing.
"""

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from backorders.consent import UnableToAnswer
from backorders.queue import UnableToLeave
from inventory.locking import StockBusy
from shop import alternatives, answers, cancellations
from shop.cancellations import CUSTOMER
from shop.formats import long_day
from shop.models import Order
from shop.web import access
from shop.web.delayed import Delays
from shop.web.forms import LastDayForm, PostcodeForm, amount_of, id_of, pairs_of
from shop.web.orders import REASON
from shop.web.paying import cancelled


class _Incomplete(Exception):
    """A field of the form has to be filled in, or filled in again."""

    def __init__(self, form: Form):
        super().__init__()
        self.form = form


@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, number: str) -> HttpResponse:
    order = access.find(request, number)
    if order is None:
        return access.closed(request)
    at = timezone.now()
    if request.method != "POST":
        return _page(request, order, at)
    try:
        act = _ACTS.get(request.POST.get("act", ""), _unknown)
        said = act(order, request.POST, at)
    except _Incomplete as error:
        return _page(request, order, at, form=error.form)
    except (UnableToAnswer, UnableToLeave, StockBusy) as error:
        return _page(request, order, at, error=str(error))
    messages.success(request, said)
    return redirect("answer", number)


def _page(
    request: HttpRequest, order: Order, at: datetime, *, error: str = "", form: Form | None = None
) -> HttpResponse:
    delays = Delays.of(order, at, failed=form)
    context = {"order": order, "delays": delays, "error": error, "form": form, "now": at}
    status = 409 if error else 400 if form else 200
    return render(request, "order/answer.html", context, status=status)


def _keep(order: Order, sent: QueryDict, at: datetime) -> str:
    answers.keep(order, pairs_of(sent.getlist("seen")), actor=CUSTOMER, at=at)
    return "Thank you for waiting. You keep it, and a mail confirms it."


def _cancel(order: Order, sent: QueryDict, at: datetime) -> str:
    _check(PostcodeForm(sent, order=order, prefix="cancel"))
    cancellations.cancel_lines(order, pairs_of(sent.getlist("seen")), reason=REASON, actor=CUSTOMER, at=at)
    return cancelled(order)


def _take_instead(order: Order, sent: QueryDict, at: datetime) -> str:
    line_id, variant_id = _ids(sent, "line", "variant")
    _check(PostcodeForm(sent, order=order, prefix=f"instead-{line_id}-{variant_id}"))
    taken = alternatives.take(
        order,
        line_id,
        variant_id,
        seen_units=_ids(sent, "units")[0],
        seen_price=amount_of(sent.get("price", "")),
        actor=CUSTOMER,
        at=at,
    )
    return f"You get {taken} instead, and a mail confirms it."


def _set_last_day(order: Order, sent: QueryDict, at: datetime) -> str:
    (line_id,) = _ids(sent, "line")
    form = LastDayForm(sent, today=timezone.localdate(at), prefix=f"day-{line_id}")
    _check(form)
    day = form.cleaned_data["day"]
    answers.set_last_day(order, line_id, day, actor=CUSTOMER, at=at)
    return f"You wait until {long_day(day)}, and no longer: a mail confirms it."


def _unknown(order: Order, sent: QueryDict, at: datetime) -> str:
    raise UnableToAnswer("Choose one of the answers on this page.")


def _check(form: Form) -> None:
    if not form.is_valid():
        raise _Incomplete(form)


def _ids(sent: QueryDict, *names: str) -> list[int]:
    """Numbers out of hidden fields of ours; 0, which no row has, for anything that cannot be one."""
    return [id_of(sent.get(name, "")) or 0 for name in names]


_ACTS: dict[str, Callable[[Order, QueryDict, datetime], str]] = {
    "keep": _keep,
    "cancel": _cancel,
    "instead": _take_instead,
    "last_day": _set_last_day,
}
