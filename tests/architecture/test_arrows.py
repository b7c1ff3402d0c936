"""Foreign keys run along the same arrows as imports; one written as a string would escape the import linter."""

from django.apps import apps
from django.db.models.base import ModelBase

ARROWS = {
    "shop": {"shop", "backorders", "inventory", "notifications"},
    "backorders": {"backorders", "inventory"},
    "inventory": {"inventory"},
    "notifications": {"notifications"},
}


def test_foreign_keys_run_along_the_arrows():
    against = [
        f"{model._meta.label}.{field.name} points to {field.related_model._meta.label}"
        for model in apps.get_models()
        if model._meta.app_label in ARROWS
        for field in model._meta.get_fields()
        if field.concrete and isinstance(field.related_model, ModelBase)
        if field.related_model._meta.app_label in ARROWS
        and field.related_model._meta.app_label not in ARROWS[model._meta.app_label]
    ]
    assert against == []
