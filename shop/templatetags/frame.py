"""The frame and the pieces of the storefront, for pages that Django's own engine writes: those of an account."""

from django import template
from django.forms import BoundField
from django.template.context import Context
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.simple_block_tag
def kept(content: str) -> str:
    """What is inside, under a name: `{% kept as title %}`."""
    return content


@register.simple_tag(takes_context=True)
def framed(context: Context, title: str, content: str, scripts: str) -> SafeString:
    """A whole page of the shop around this content."""
    inside = {"title": mark_safe(title.strip()), "content": content, "scripts": scripts}
    return render_to_string("account/framed.html", inside, context["request"])


@register.simple_tag
def labelled(field: BoundField) -> SafeString:
    """A field of a form with its label, its errors and its help."""
    return render_to_string("_field.html", {"field": field})
