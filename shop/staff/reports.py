"""The page of reports, and each report as a file."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from unfold.widgets import UnfoldAdminSingleDateWidget

from shop.reports import REPORTS, ROWS_ON_A_PAGE, Period, Report, shown
from shop.staff.exports import as_csv

RIGHT = "shop.view_reports"
_USUALLY = timedelta(days=90)
_AT_MOST = timedelta(days=3 * 366)


class PeriodForm(forms.Form):
    first = forms.DateField(label="From", widget=UnfoldAdminSingleDateWidget)
    last = forms.DateField(label="To", widget=UnfoldAdminSingleDateWidget)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = given.get("first"), given.get("last")
        if first and last and first > last:
            raise forms.ValidationError("The first day is after the last: change one of them.")
        if first and last and last - first > _AT_MOST:
            raise forms.ValidationError("That is more than three years: choose a shorter time.")
        return given


@require_safe
def page(request: HttpRequest, site: Any, slug: str = "") -> HttpResponse:
    """A report of a period, the first one where none is named; the last ninety days where none are given."""
    form, period = _period(request)
    slug = slug or next(iter(REPORTS))
    make = _report(slug)
    context = {
        **site.each_context(request),
        "title": "Reports",
        "content_title": "Reports",
        "form": form,
        "period": period,
        "names": [(each, name) for each, (name, _) in REPORTS.items()],
        "here": slug,
        **(_shown(make(period)) if period else {}),
    }
    request.current_app = site.name
    return TemplateResponse(request, "staff/reports.html", context, status=200 if period else 400)


@require_safe
def file(request: HttpRequest, slug: str) -> HttpResponse:
    form, period = _period(request)
    if period is None:
        return HttpResponse(
            " ".join(map(str, form.non_field_errors())) or "Give the first and the last day.", status=400
        )
    report = _report(slug)(period)
    return as_csv(f"{slug}-{period.first}-{period.last}", report.columns, report.rows)


def _report(slug: str) -> Callable[[Period], Report]:
    if slug not in REPORTS:
        raise Http404("There is no such report.")
    return REPORTS[slug][1]


def _period(request: HttpRequest) -> tuple[PeriodForm, Period | None]:
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    today = timezone.localdate()
    given: dict[str, date | str] = {"first": today - _USUALLY, "last": today}
    given |= {name: request.GET[name] for name in given if name in request.GET}
    form = PeriodForm(given)
    return form, Period(form.cleaned_data["first"], form.cleaned_data["last"]) if form.is_valid() else None


def _shown(report: Report) -> dict[str, Any]:
    """Numbers stand right; a row's cells go with the names of their columns, for narrow screens."""
    rows = [
        [(name, shown(cell), not isinstance(cell, str)) for name, cell in zip(report.columns, row, strict=True)]
        for row in report.rows[:ROWS_ON_A_PAGE]
    ]
    return {"report": report, "rows": rows, "left_out": len(report.rows) - len(rows)}
