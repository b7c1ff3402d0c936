"""Many buyers at once, each in a process of her own: no interpreter lock orders them, only the database does."""

import multiprocessing
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from multiprocessing.pool import Pool
from multiprocessing.synchronize import Barrier, Event
from uuid import UUID

from inventory.locking import StockBusy
from shop import checkout
from shop.bench import bare_sql
from shop.bench.timing import Times
from shop.checkout import PromiseMoved
from shop.models import Cart
from shop.review import Shown

PATIENCE = 900

type Sale = Callable[[], bool]

_processes = multiprocessing.get_context("forkserver")
_start: Barrier
_stop: Event


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt to buy: when it began, how long it took, and whether it was sold or refused."""

    began: float
    seconds: float
    sold: bool


@dataclass(frozen=True, slots=True)
class Rush:
    tries: Sequence[Try]

    @property
    def sold(self) -> int:
        return sum(attempt.sold for attempt in self.tries)

    @property
    def refused(self) -> int:
        return len(self.tries) - self.sold

    @property
    def seconds(self) -> float:
        return max(t.began + t.seconds for t in self.tries) - min(t.began for t in self.tries)

    @property
    def waits(self) -> Times:
        return Times([attempt.seconds for attempt in self.tries])


def of_shoppers(carts: Sequence[UUID], warm_up: Sequence[UUID], shown: Shown, at: datetime) -> Rush:
    """As many buyers as there are carts to warm up with, in a process each.

    Every buyer orders her share of the other carts, all of which are for what `shown` says.
    """
    buyers = len(warm_up)
    shares = [carts[buyer::buyers] for buyer in range(buyers)]
    return _run([partial(_shop, share, first, shown, at) for share, first in zip(shares, warm_up, strict=True)])


def of_bare_sql(buyers: int, sales: int) -> Rush:
    """The same number of processes sell item 1 of the bare tables."""
    return _run([partial(_sell_bare, len(range(buyer, sales, buyers))) for buyer in range(buyers)])


class Neighbour:
    """One buyer in a process of her own who orders again and again until the block ends, or her carts do."""

    def __init__(self, carts: Sequence[UUID], warm_up: UUID, shown: Shown, at: datetime) -> None:
        self._errand = partial(_shop, carts, warm_up, shown, at)
        self.rush = Rush(())

    def __enter__(self) -> "Neighbour":
        start, self._end = _processes.Barrier(2), _processes.Event()
        self._pool = _pool(1, start, self._end)
        self._answer = self._pool.apply_async(self._errand)
        start.wait(PATIENCE)
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        self._end.set()
        try:
            # After Ctrl-C she may be gone already, and nobody would answer.
            if error is None:
                self.rush = Rush(self._answer.get(PATIENCE))
        finally:
            self._pool.terminate()


def _run(errands: Sequence[Callable[[], list[Try]]]) -> Rush:
    start = _processes.Barrier(len(errands))
    with _pool(len(errands), start, _processes.Event()) as pool:
        # All wait for one another at the start, so every process gets exactly one errand.
        answers = pool.map_async(_call, errands, chunksize=1).get(PATIENCE)
    return Rush([attempt for tries in answers for attempt in tries])


def _pool(buyers: int, start: Barrier, stop: Event) -> Pool:
    # Said where it is used: whoever only reads this module may fork from something else.
    _processes.set_forkserver_preload(["shop.bench.ready"])
    return _processes.Pool(buyers, _prepare, (start, stop))


# --- In the buyer's process -------------------------------------------------------------------------------


def _prepare(start: Barrier, stop: Event) -> None:
    global _start, _stop
    _start, _stop = start, stop


def _call(errand: Callable[[], list[Try]]) -> list[Try]:
    return errand()


def _shop(carts: Sequence[UUID], warm_up: UUID, shown: Shown, at: datetime) -> list[Try]:
    # The first order opens connections and reads time zones and the like, which no later one does.
    _Buyer(checkout.review(Cart.objects.get(pk=warm_up), at).shown, at).order(warm_up)
    buyer = _Buyer(shown, at)
    return _all([partial(buyer.order, cart) for cart in carts])


def _sell_bare(sales: int) -> list[Try]:
    with bare_sql.connect() as connection:
        return _all([partial(bare_sql.place, connection, [1])] * sales)


def _all(sales: Sequence[Sale]) -> list[Try]:
    tries = []
    _start.wait(PATIENCE)
    for sell in sales:
        began = time.monotonic()
        sold = sell()
        tries.append(Try(began, time.monotonic() - began, sold))
        if _stop.is_set():
            break
    return tries


class _Buyer:
    """She accepts every day that can be promised: what changed since she looked is shown to her, and she goes on."""

    def __init__(self, shown: Shown, at: datetime) -> None:
        self.shown, self.at = shown, at

    def order(self, cart: UUID) -> bool:
        while True:
            try:
                checkout.place_order(cart, shown=self.shown, consented=True, user=None, at=self.at)
                return True
            except PromiseMoved as moved:
                if not moved.contents.can_be_ordered:
                    return False
                self.shown = checkout.review(Cart.objects.get(pk=cart), self.at).shown
            except StockBusy:
                continue
