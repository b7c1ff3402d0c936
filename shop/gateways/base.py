from abc import ABC, abstractmethod
from datetime import datetime


class Gateway(ABC):
    """A way to pay, in a shopkeeper's words. Its `name` stands in settings, carts and payments, and never changes."""

    name: str
    noun: str
    # What follows "You pay", true at any moment.
    how: str
    # What a parcel's letter says of the goods in it, after "The goods in this parcel come to €9.00;".
    on_dispatch: str
    # What is said of a payment that is due once all has shipped.
    came = ""
    in_advance = False

    @property
    def label(self) -> str:
        return f"Pay by {self.noun}"

    @property
    def order_button(self) -> str:
        return f"Order and pay by {self.noun}"

    @property
    @abstractmethod
    def promise(self) -> str:
        """When she pays, and what holds until then: one or two full sentences."""

    @property
    @abstractmethod
    def hint(self) -> str:
        """What stands under the label where it is one of several."""

    def due_by(self, at: datetime) -> datetime | None:
        """Until when an order placed at that moment is held unpaid; None when it ships before it is paid."""
        return None
