"""The desk's own notes on an order: for whoever takes it up next, and never for its customer."""

from typing import Any

from django import forms
from django.contrib import messages
from unfold.widgets import UnfoldAdminTextareaWidget

from shop.models import Order, OrderNote
from shop.staff.flow import OnePage


class NoteForm(forms.Form):
    text = forms.CharField(
        label="Note",
        max_length=2000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 5}),
        help_text="Only staff read it. It cannot be changed or taken away afterwards.",
        error_messages={"required": "Write something, or go back."},
    )


class WriteNote(OnePage[NoteForm, int]):
    """The preview is the number of notes there are, so that a second click does not write it twice."""

    title = "Write a note"
    act_label = "Keep the note"
    form_template = "staff/note.html"
    obj: Order

    def form(self, data: Any = None) -> NoteForm:
        return NoteForm(data)

    def preview(self, form: NoteForm) -> int:
        return self.obj.notes.count()

    def shown(self, form: NoteForm, preview: int | None) -> dict[str, Any]:
        return {"notes": notes_of(self.obj)}

    def act(self, form: NoteForm, preview: int) -> str:
        OrderNote.objects.create(order=self.obj, text=form.cleaned_data["text"], actor=self.actor, at=self.at)
        messages.success(self.request, "The note is kept.")
        return self.back()


def notes_of(order: Order) -> list[OrderNote]:
    """Latest first."""
    return list(order.notes.order_by("-id"))
