"""Which function measures which row of the catalogue."""

from collections.abc import Callable

from shop.bench import desk, filling, hot, lighthouse, looking, moving, pages, placing, quoting
from shop.bench.scene import Scene
from shop.bench.table import Outcome

MEASURES: dict[str, Callable[[Scene], Outcome]] = {
    "place-1": placing.one_line,
    "place-3": placing.three_lines,
    "http": pages.http,
    "look": looking.look,
    "lighthouse": lighthouse.lighthouse,
    "hot": hot.hot,
    "flash": hot.flash,
    "fill-1000": filling.fill_few,
    "fill-100000": filling.fill_many,
    "arrive": filling.arrive,
    "move-100000": moving.move_many,
    "desk": desk.desk,
    "quote": quoting.quote,
}
