"""Pay by invoice: nothing is charged at checkout; the invoice comes with the goods."""

from shop.gateways.base import Gateway


class Invoice(Gateway):
    name = "invoice"
    noun = "invoice"
    how = "by invoice, which comes with your goods"
    on_dispatch = "the invoice lies with them"
    promise = "You pay by invoice, which comes with your goods: nothing is charged before they ship."
    came = "The invoice came with your goods."
    hint = "The invoice comes with your goods."
