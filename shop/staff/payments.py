"""Saying that the money of an order is on the account."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from shop import holds
from shop.formats import money
from shop.gateways import BY_NAME
from shop.models import Order, Payment
from shop.staff.flow import Flow


@dataclass(frozen=True, slots=True)
class Received:
    """What is about to be written down, and what the order may do then. `surplus` is due back to the customer."""

    amount: Decimal
    surplus: Decimal
    way: str
    ready: int
    waiting: int


class ReceivedForm(forms.Form):
    amount = forms.DecimalField(
        label="Amount on the account",
        max_digits=12,
        decimal_places=2,
        min_value=Decimal("0.01"),
        widget=UnfoldAdminDecimalFieldWidget,
    )


class ReceivePayment(Flow):
    title = "Payment received"
    act_label = "The money is here"
    preview_template = "staff/payment_preview.html"
    obj: Order

    def form(self, data: Any = None) -> ReceivedForm:
        form = ReceivedForm(data)
        payment = self._payment()
        if payment.state == Payment.State.DUE:
            due = money(payment.amount, self.obj.currency)
            form.fields["amount"].help_text = f"As the bank shows it. {due} is due, with the reference {self.obj}."
        return form

    def preview(self, form: forms.Form) -> Received:
        payment, amount = self._payment(), form.cleaned_data["amount"]
        holds.refuse_unless_due(payment, amount)
        claims = [line.claim for line in self.obj.lines.select_related("claim")]
        ready, waiting = sum(claim.ready for claim in claims), sum(claim.lacks for claim in claims)
        return Received(amount, amount - payment.amount, BY_NAME[payment.gateway].noun, ready, waiting)

    def act(self, form: forms.Form, preview: Received) -> str:
        holds.receive_payment(self.obj, preview.amount, actor=self.actor, at=self.at)
        what = f"{money(preview.amount, self.obj.currency)} received for order {self.obj}."
        self.admin.log_change(self.request, self.obj, what)
        messages.success(self.request, f"{what} The customer gets a letter.")
        return self.back()

    def shown(self, form: forms.Form, preview: Received | None) -> dict[str, Any]:
        if preview is None:
            return {}
        amounts = {"amount": preview.amount, "surplus": preview.surplus}
        return {name: money(amount, self.obj.currency) for name, amount in amounts.items() if amount}

    def _payment(self) -> Payment:
        return Payment.objects.select_related("order").get(order=self.obj)


@dataclass(frozen=True, slots=True)
class PaymentView:
    """An order's payment as its page shows it."""

    payment: Payment
    way: str
    amount: str

    @classmethod
    def of(cls, order: Order) -> "PaymentView":
        payment = order.payment
        return cls(payment, BY_NAME[payment.gateway].noun, money(payment.amount, order.currency))
