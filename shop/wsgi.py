import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
_pages = get_wsgi_application()

from shop.web.unchanged import answering  # noqa: E402 - it needs the settings

application = answering(_pages)
