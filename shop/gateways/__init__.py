"""Ways to pay: one module each, chosen in shop.payments."""
