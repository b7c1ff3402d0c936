"""Found by Django's admin; the desks themselves stand in `shop.staff`."""

from shop.staff import (
    accounts,
    catalog,
    claims,
    deliveries,
    notices,
    orders,
    purchasing,
    refunds,
    rules,
    stock,
    suppliers,
)

__all__ = [
    "accounts",
    "catalog",
    "claims",
    "deliveries",
    "notices",
    "orders",
    "purchasing",
    "refunds",
    "rules",
    "stock",
    "suppliers",
]
