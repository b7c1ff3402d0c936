"""What a claim's three counters mean, for its row and for a plain value alike."""

from typing import NamedTuple, Protocol


class Counters(Protocol):
    @property
    def quantity(self) -> int: ...
    @property
    def allocated(self) -> int: ...
    @property
    def shipped(self) -> int: ...


class Units:
    """0 <= shipped <= allocated <= quantity."""

    __slots__ = ()

    @property
    def lacks(self: Counters) -> int:
        """Units still waited for."""
        return self.quantity - self.allocated

    @property
    def left(self: Counters) -> int:
        """Units that have not shipped: so many can still be cancelled."""
        return self.quantity - self.shipped

    @property
    def ready(self: Counters) -> int:
        """Units set aside on the shelf and not yet shipped."""
        return self.allocated - self.shipped


class _Columns(NamedTuple):
    pk: int
    quantity: int
    allocated: int
    shipped: int


class PlainClaim(_Columns, Units):
    """A claim as it was read, where thousands are read at once and nothing is written to them one by one."""

    __slots__ = ()
