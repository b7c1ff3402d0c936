"""What a page costs that Django makes with nothing of a shop around it: three queries and some 25 KB from a template.

The middleware is that of `django-admin startproject`. The three queries read 24 articles, what of them is on order, and
the suppliers; the template writes a card for each article, with loops, filters and escaping as any page has them.
`gunicorn shop.bench.bare_view:application`
"""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
settings.INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "inventory.apps.InventoryConfig",
]
settings.AUTH_USER_MODEL = "auth.User"
settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
settings.MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
# Django's own, which come last.
settings.TEMPLATES = settings.TEMPLATES[-1:]
settings.ROOT_URLCONF = __name__
application = get_wsgi_application()

CARDS = 24
_PAGE = Template("""<!doctype html><title>Articles</title><h1>Articles</h1><ul>
{% for item in items %}<li><h2><a href="/articles/{{ item.sku|lower }}/">{{ item.name|title }}</a></h2>
<p>{{ item.on_hand|add:1 }}.00, {% if item.on_hand > item.allocated %}in stock{% else %}later{% endif %}</p><table>
{% for line in lines %}{% if line.item_id == item.pk %}<tr>
<th>{{ line.expected_on|date:"j F Y" }}</th><td>{{ line.quantity }}</td>
</tr>{% endif %}{% endfor %}</table><p>{{ about }}</p></li>
{% endfor %}</ul><footer>{% for supplier in suppliers %}<p>{{ supplier.name }}</p>{% endfor %}</footer>""")
_ABOUT = "Spun, dyed and woven by hand, of the wool of sheep that graze on the hills behind the house. " * 9


def page(request: HttpRequest) -> HttpResponse:
    from inventory.models import PurchaseOrderLine, StockItem, Supplier

    items = list(StockItem.objects.order_by("id")[:CARDS])
    lines = list(PurchaseOrderLine.objects.filter(item__in=items).order_by("expected_on")[:CARDS])
    context = {"items": items, "lines": lines, "suppliers": list(Supplier.objects.all()), "about": _ABOUT}
    return HttpResponse(_PAGE.render(Context(context)))


urlpatterns = [path("", page)]
