"""Read once by the process from which all buyers are forked: none of them starts Django and loads the shop herself."""

import django

from shop import loaded

django.setup()
loaded.keep()
