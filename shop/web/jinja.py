"""What the templates of the storefront find besides what their views give them.

The pages that shoppers see are Jinja templates, which are compiled: written by Django's own engine the same pages took
twice as long. The admin, the account pages of allauth and the mails are Django templates.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template import defaultfilters
from django.template.backends.jinja2 import Jinja2, Template
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django_htmx.jinja import htmx_script
from jinja2 import ChainableUndefined, Environment, pass_context
from jinja2.runtime import Context

from shop.paths import path_to, static_path
from shop.web import filters, pictures

_CSRF_INPUT = '<input type="hidden" name="csrfmiddlewaretoken" value="{}">'


class Page(Template):
    """A template whose words are safe to put into another one; what a view gives it comes before what all get."""

    def render(self, context: Mapping[str, Any] | None = None, request: HttpRequest | None = None) -> SafeString:
        known: dict[str, Any] = {}
        if request is not None:
            # One token for all forms of the page.
            known = {"request": request, "csrf_token": SimpleLazyObject(lambda: get_token(request))}
            for processor in self.backend.template_context_processors:
                known |= processor(request)
        known |= context or {}
        known["csrf_input"] = SimpleLazyObject(lambda: format_html(_CSRF_INPUT, known["csrf_token"]))
        return mark_safe(super().render(known))  # written by a template


class Pages(Jinja2):
    """Django's way to Jinja, with the context of Django's own templates."""

    def from_string(self, template_code: str) -> Page:
        return Page(super().from_string(template_code).template, self)

    def get_template(self, template_name: str) -> Page:
        return Page(super().get_template(template_name).template, self)


def environment(**options: Any) -> Environment:
    """Named in the settings; the options are Django's. What nobody gave is empty, and so is all of it."""
    made = Environment(**options | {"undefined": ChainableUndefined})
    made.globals |= {
        "drawn": pictures.drawn,
        "htmx_script": htmx_script,
        "querystring": _querystring,
        "static": static_path,
        "url": path_to,
    }
    made.filters |= {
        "date": _date,
        "day": filters.day,
        "default": defaultfilters.default,
        "floatformat": defaultfilters.floatformat,
        "intcomma": intcomma,
        "large": pictures.address,
        "linebreaks": defaultfilters.linebreaks_filter,
        "moment": filters.moment,
        "money": filters.money,
        "near_day": filters.near_day,
        "own_html": filters.own_html,
        "pluralize": defaultfilters.pluralize,
        "safe_html": filters.safe_html,
        "share": filters.share,
        "ships": filters.ships,
        "short_day": filters.short_day,
        "striptags": defaultfilters.striptags,
        "until": filters.until,
        "urlize": defaultfilters.urlize,
        "when": filters.when,
    }
    return made


def _date(value: date | datetime | None, form: str) -> str:
    """A day or a moment of the shop's time in one of Django's formats."""
    return defaultfilters.date(timezone.localtime(value) if isinstance(value, datetime) else value, form)


@pass_context
def _querystring(context: Context, **changes: object) -> str:
    """The page's own query with these changes."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        query[name] = str(value)
    return f"?{query.urlencode()}"
