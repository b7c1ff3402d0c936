"""Ways to pay: one module each. Which are offered, and which one an order takes, is decided in shop.payments."""

from shop.gateways.base import Gateway
from shop.gateways.invoice import Invoice
from shop.gateways.transfer import Transfer

__all__ = ["BY_NAME", "Gateway"]

BY_NAME: dict[str, Gateway] = {gateway.name: gateway for gateway in (Invoice(), Transfer())}
