"""Found by Django's admin; the desks themselves stand in `shop.staff`."""

from shop.staff import accounts, catalog, deliveries, orders, purchasing, stock

__all__ = ["accounts", "catalog", "deliveries", "orders", "purchasing", "stock"]
