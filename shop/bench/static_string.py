"""What no page can be faster than: a string, by the same web server and Django with nothing in it.

`gunicorn shop.bench.static_string:application`
"""

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

settings.configure(ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__, SECRET_KEY="of no use", MIDDLEWARE=[])
application = get_wsgi_application()


def string(request: HttpRequest) -> HttpResponse:
    return HttpResponse("<!doctype html><title>A string</title>")


urlpatterns = [path("", string)]
