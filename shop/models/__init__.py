from shop.models.accounts import User
from shop.models.carts import Cart, CartLine
from shop.models.catalog import Category, Product, ProductImage, Variant
from shop.models.demand import LostDemand
from shop.models.desk import AddressChange, OrderNote, Proposal, SentAgain, TrackingChange
from shop.models.heartbeat import Heartbeat
from shop.models.info import InfoPage
from shop.models.inquiries import Inquiry, Reply
from shop.models.orders import (
    Announcement,
    Carrier,
    Departure,
    Goodwill,
    Order,
    OrderLine,
    Release,
    Return,
    Sends,
    Shipment,
    ShipmentLine,
    ShippingMethod,
)
from shop.models.payments import Payment, Refund
from shop.models.stock_alerts import StockAlert
from shop.models.words import ProductWords

__all__ = [
    "AddressChange",
    "Announcement",
    "Carrier",
    "Cart",
    "CartLine",
    "Category",
    "Departure",
    "Goodwill",
    "Heartbeat",
    "InfoPage",
    "Inquiry",
    "LostDemand",
    "Order",
    "OrderLine",
    "OrderNote",
    "Payment",
    "Product",
    "ProductImage",
    "ProductWords",
    "Proposal",
    "Refund",
    "Release",
    "Reply",
    "Return",
    "Sends",
    "SentAgain",
    "Shipment",
    "ShipmentLine",
    "ShippingMethod",
    "StockAlert",
    "TrackingChange",
    "User",
    "Variant",
]
