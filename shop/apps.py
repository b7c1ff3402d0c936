from django.apps import AppConfig


class ShopConfig(AppConfig):
    name = "shop"
    verbose_name = "Shop"

    def ready(self) -> None:
        # Makes the Celery app current before any task is sent. It is imported here and not in shop/__init__.py, because
        # `manage.py up` reads this package with a bare Python that has no Celery yet.
        from shop import celery  # noqa: F401

        # Django connects a receiver when its module is read: whoever signs in before the first page is met as well.
        from shop.staff import leaving  # noqa: F401
        from shop.web import again, noted  # noqa: F401
