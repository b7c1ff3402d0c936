"""Who changed a row of the catalog, when, and what it was before. To look at: nothing is brought back from here."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from simple_history.admin import SimpleHistoryAdmin


class WithHistory(SimpleHistoryAdmin):
    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm, change: bool) -> None:
        """A form that was sent as it came leaves no trace: a row of the history means that something changed."""
        if not change or _differs(obj):
            super().save_model(request, obj, form, change)

    def get_history_queryset(
        self, request: HttpRequest, history_manager: Any, pk_name: str, object_id: Any
    ) -> QuerySet:
        return history_manager.filter(**{pk_name: object_id}).select_related("history_user")

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        # What is sent here would be saved past the rules of the forms, by whoever may look.
        if request.method not in {"GET", "HEAD"}:
            raise PermissionDenied
        response: HttpResponse = super().history_form_view(request, object_id, version_id, extra_context)
        return response


def _differs(row: Model) -> bool:
    before = type(row)._base_manager.get(pk=row.pk)
    return any(getattr(row, field.attname) != getattr(before, field.attname) for field in row._meta.concrete_fields)
