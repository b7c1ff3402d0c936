import os

from django.core.wsgi import get_wsgi_application

from shop import loaded
from shop.web.unchanged import answering

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
application = answering(get_wsgi_application())
loaded.keep()
