"""Pay by invoice: nothing is charged at checkout; the invoice comes with the goods."""

NAME = "invoice"
LABEL = "Pay by invoice"
PROMISE = "You pay by invoice when your goods have been sent: nothing is charged now."
