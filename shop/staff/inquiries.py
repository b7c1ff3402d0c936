"""What customers ask about their orders, and replying to it."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from unfold.widgets import UnfoldAdminTextareaWidget

from shop import inquiries
from shop.models import Order
from shop.models.inquiries import MOST_CHARACTERS
from shop.staff.effects import Sample
from shop.staff.flow import Flow
from shop.web.forms import TextField


class ReplyForm(forms.Form):
    text = TextField(
        label="Reply",
        max_length=MOST_CHARACTERS,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 8}),
        help_text="The customer gets it as a mail that greets her and repeats her question, and on her order's page.",
        error_messages={"required": "Write something, or go back."},
    )


@dataclass(frozen=True, slots=True)
class Written:
    """The letter that takes the reply to the customer, and how much was said before it."""

    letter: Sample
    seen: int


class ReplyToInquiry(Flow[ReplyForm, Written]):
    title = "Reply to the customer"
    act_label = "Send the reply"
    form_template = "staff/reply_form.html"
    preview_template = "staff/reply_preview.html"
    obj: Order

    def form(self, data: Any = None) -> ReplyForm:
        return ReplyForm(data)

    def preview(self, form: ReplyForm) -> Written:
        seen = inquiries.length(inquiries.of_order(self.obj))
        text = form.cleaned_data["text"]
        letter = inquiries.preview_reply(self.obj, text, seen=seen, actor=self.actor, at=self.at)
        return Written(Sample.of(letter), seen)

    def shown(self, form: ReplyForm, preview: Written | None) -> dict[str, Any]:
        samples = [preview.letter] if preview else []
        return {"conversation": inquiries.of_order(self.obj), "samples": samples, "line": None}

    def act(self, form: ReplyForm, preview: Written) -> str:
        inquiries.reply(self.obj, form.cleaned_data["text"], seen=preview.seen, actor=self.actor, at=self.at)
        self.admin.log_change(self.request, self.obj, "Replied to the customer.")
        messages.success(self.request, "The reply is on its way.")
        return self.back()
