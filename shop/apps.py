from django.apps import AppConfig


class ShopConfig(AppConfig):
    name = "shop"
    verbose_name = "Shop"

    def ready(self) -> None:
        # Makes the Celery app current before any task is sent. It is imported here and not in shop/__init__.py, because
        # `manage.py up` reads this package with a bare Python that has no Celery yet.
        from shop import celery  # noqa: F401

        # What follows on signing in is connected by being read.
        from shop.staff import leaving  # noqa: F401
        from shop.web import again, noted  # noqa: F401
