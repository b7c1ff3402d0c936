"""Read once by the process from which all buyers are forked: none of them starts Django by itself."""

import django

django.setup()

from shop import checkout, loaded  # noqa: E402, F401  (imported for the forks)

loaded.keep()
