"""The limit of a page: Django with no middleware, no template and one query, behind the same web server.

`gunicorn shop.bench.bare_page:application`
"""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
settings.INSTALLED_APPS = ["inventory.apps.InventoryConfig"]
settings.MIDDLEWARE = []
settings.ROOT_URLCONF = __name__
application = get_wsgi_application()


def page(request: HttpRequest) -> HttpResponse:
    from inventory.models import StockItem

    sku = StockItem.objects.values_list("sku", flat=True).get(pk=request.GET["item"])
    return HttpResponse(f"<!doctype html><title>{sku}</title><h1>{sku}</h1>")


urlpatterns = [path("", page)]
