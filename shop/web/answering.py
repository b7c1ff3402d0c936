"""Answering a delay: by the link from our letters, or signed in. GET shows, POST acts.

A form carries what its page showed, so that an answer to an old question is refused and a second click does nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
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
from shop.web import access, again
from shop.web.delayed import Delays
from shop.web.forms import GiveUpForm, LastDayForm, PostcodeForm, amount_of, id_of, pairs_of
from shop.web.orders import REASON
from shop.web.paying import cancelled


@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, number: str) -> HttpResponse:
    order = access.find(request, number)
    if order is None:
        return access.closed(request)
    at = timezone.now()
    sent = again.sent(request)
    act = _ACTS.get(sent.get("act", "")) if sent else None
    form = act.form(order, sent, at) if act and sent else None
    failed = form if form and not form.is_valid() else None
    if request.method != "POST":
        context = {"order": order, "delays": Delays.of(order, at, failed=failed), "form": failed, "now": at}
        return render(request, "order/answer.html", context)
    if failed:
        return again.ask(request)
    try:
        if act is None or form is None:
            raise UnableToAnswer("Choose one of the answers on this page.")
        messages.success(request, act.do(order, request.POST, at, form))
    except (UnableToAnswer, UnableToLeave, StockBusy) as error:
        messages.error(request, str(error))
    return redirect("answer", number)


def _keep(order: Order, sent: QueryDict, at: datetime, form: Form) -> str:
    answers.keep(order, pairs_of(sent.getlist("seen")), actor=CUSTOMER, at=at)
    return "Thank you for waiting. You keep it, and a mail confirms it."


def _cancel(order: Order, sent: QueryDict, at: datetime, form: Form) -> str:
    seen = pairs_of(sent.getlist("seen"))
    return cancelled(order, cancellations.cancel_lines(order, seen, reason=REASON, actor=CUSTOMER, at=at))


def _take_instead(order: Order, sent: QueryDict, at: datetime, form: Form) -> str:
    line_id, variant_id = _ids(sent, "line", "variant")
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


def _set_last_day(order: Order, sent: QueryDict, at: datetime, form: Form) -> str:
    (line_id,), day = _ids(sent, "line"), form.cleaned_data["day"]
    answers.set_last_day(order, line_id, day, actor=CUSTOMER, at=at)
    return f"You wait until {long_day(day)}, and no longer: a mail confirms it."


def _no_form(order: Order, sent: QueryDict, at: datetime) -> Form:
    return Form(sent)


def _give_up(order: Order, sent: QueryDict, at: datetime) -> Form:
    return GiveUpForm(sent, order=order, prefix="cancel")


def _instead(order: Order, sent: QueryDict, at: datetime) -> Form:
    line_id, variant_id = _ids(sent, "line", "variant")
    return PostcodeForm(sent, order=order, prefix=f"instead-{line_id}-{variant_id}")


def _last_day(order: Order, sent: QueryDict, at: datetime) -> Form:
    (line_id,) = _ids(sent, "line")
    return LastDayForm(sent, today=timezone.localdate(at), prefix=f"day-{line_id}")


def _ids(sent: QueryDict, *names: str) -> list[int]:
    """Numbers out of hidden fields of ours; 0, which no row has, for anything that cannot be one."""
    return [id_of(sent.get(name, "")) or 0 for name in names]


@dataclass(frozen=True, slots=True)
class _Act:
    """One of the answers: what it asks for, and what it does once that form is in order; it returns what to say."""

    form: Callable[[Order, QueryDict, datetime], Form]
    do: Callable[[Order, QueryDict, datetime, Form], str]


_ACTS = {
    "keep": _Act(_no_form, _keep),
    "cancel": _Act(_give_up, _cancel),
    "instead": _Act(_instead, _take_instead),
    "last_day": _Act(_last_day, _set_last_day),
}
