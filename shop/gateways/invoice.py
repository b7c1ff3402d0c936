"""Pay by invoice: nothing is charged at checkout; the invoice comes with the goods."""

NAME = "invoice"
LABEL = "Pay by invoice"
PROMISE = "You pay by invoice, which comes with your goods: nothing is charged before they ship."
