from shop.models.accounts import User
from shop.models.carts import Cart, CartLine
from shop.models.catalog import Category, Product, ProductImage, Variant
from shop.models.demand import LostDemand
from shop.models.heartbeat import Heartbeat
from shop.models.orders import Goodwill, Order, OrderLine, Release, Sends, Shipment, ShipmentLine, ShippingMethod
from shop.models.payments import Payment, Refund

__all__ = [
    "Cart",
    "CartLine",
    "Category",
    "Goodwill",
    "Heartbeat",
    "LostDemand",
    "Order",
    "OrderLine",
    "Payment",
    "Product",
    "ProductImage",
    "Refund",
    "Release",
    "Sends",
    "Shipment",
    "ShipmentLine",
    "ShippingMethod",
    "User",
    "Variant",
]
