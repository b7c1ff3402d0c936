"""Where the tests' workers are forked from: a process that has loaded what is no part of the shop, and no settings.

To load Celery, Django and their drivers takes a worker longer than most tests of it do, and there are some sixty.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

from celery.__main__ import main
from django.conf import settings

# None of them asks for the settings, which each worker reads from an environment of its own.
for _name in (
    *("celery.apps.worker", "celery.bin.celery", "celery.concurrency.prefork", "celery.concurrency.solo"),
    *("celery.worker.components", "kombu.transport.redis", "redis.client"),
    *("django.contrib.postgres.aggregates", "django.contrib.postgres.search", "django.contrib.sitemaps.views"),
    *("django.core.management", "django.db.backends.postgresql.base", "django.db.migrations.executor"),
    *("django.template.backends.django", "django.template.backends.jinja2", "django.views.generic"),
    *("babel", "cryptography.x509", "holidays", "icalendar", "openpyxl"),
):
    import_module(_name)


def work(arguments: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path) -> None:
    """`celery ...` in this process, as if it had been started with this environment, in this folder."""
    assert not settings.configured, "This process was forked from one that had read the settings of another."
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for target, file, flags in ((0, os.devnull, os.O_RDONLY), (1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND)):
        os.dup2(os.open(file, flags, 0o600), target)
    os.dup2(1, 2)
    sys.argv = ["celery", *arguments]
    main()
