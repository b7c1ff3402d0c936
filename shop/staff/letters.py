"""The letters of an order, and sending one of them once more."""

from dataclasses import dataclass
from typing import Any, Self

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from unfold.admin import ModelAdmin

from notifications.models import Letter
from shop import resending
from shop.dossiers import Dossier
from shop.formats import long_moment
from shop.models import Order, SentAgain
from shop.staff.effects import Sample
from shop.staff.flow import OnePage


@dataclass(frozen=True, slots=True)
class LetterView:
    """A letter as its order's page shows it. `again` says who sent it once more, and when."""

    letter: Letter
    again: tuple[str, ...]
    may_send: bool


def letters_of(dossier: Dossier) -> list[LetterView]:
    """Latest first."""
    return [
        LetterView(letter, tuple(_in_words(row) for row in letter.sent_again.all()), resending.may_send(letter))
        for letter in sorted(dossier.letters, key=lambda letter: (letter.written_at, letter.pk), reverse=True)
    ]


def _in_words(row: SentAgain) -> str:
    return f"sent again on {long_moment(row.at)} by {row.actor}"


@dataclass(frozen=True, slots=True)
class Again:
    """A letter that is to go out once more: how it stands, and how often it went out again before."""

    state: str
    seen: int


class SendAgain(OnePage[forms.Form, Again]):
    title = "Send a letter again"
    act_label = "Send it again"
    form_template = "staff/send_again.html"
    obj: Order
    letter: Letter

    @classmethod
    def for_letter(cls, request: HttpRequest, admin: ModelAdmin, pk: int) -> Self:
        if not request.user.has_perm("shop.add_sentagain"):
            raise PermissionDenied
        letter = get_object_or_404(Letter, pk=pk)
        flow = cls(request, admin, get_object_or_404(Order, number=letter.thread))
        flow.letter = letter
        return flow

    def form(self, data: Any = None) -> forms.Form:
        return forms.Form(data)

    def preview(self, form: forms.Form) -> Again:
        resending.refuse(self.letter)
        return Again(self.letter.get_state_display(), self.letter.sent_again.count())

    def shown(self, form: forms.Form, preview: Again | None) -> dict[str, Any]:
        earlier = [_in_words(row) for row in self.letter.sent_again.order_by("id")]
        return {"letter": self.letter, "samples": [Sample.of(self.letter)], "earlier": earlier}

    def act(self, form: forms.Form, preview: Again) -> str:
        resending.send_again(self.letter.pk, seen=preview.seen, actor=self.actor, at=self.at)
        what = f"“{self.letter.subject or self.letter.template}” goes to {self.letter.recipient} again."
        self.admin.log_change(self.request, self.obj, what)
        messages.success(self.request, what)
        return self.back()
