"""Pages that everybody looks at: shown again as they were, those that the browser still has, and made anew."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from shop.bench import goods, scene
from shop.bench.browser import Browser
from shop.bench.scene import Scene
from shop.bench.table import Beside, Figure, Outcome, Target
from shop.bench.web_server import SIZE, serving
from shop.demo.furnish import furnish
from shop.dev.bootstrap import CannotRun
from shop.models import Product

CONNECTIONS, SECONDS = 8, 10
# Of a string served by the same web server; and in milliseconds.
PART_OF_A_STRING, MOST_MS, TIMES_A_PAGE = 1 / 3, 50, 3
# Of a view of 25 KB with three queries.
PART_OF_A_VIEW = {"product": 0.8, "shelf": 0.5}


@dataclass(frozen=True, slots=True)
class Load:
    rate: float
    p99_ms: float


def look(here: Scene) -> Outcome:
    furnish(actor=goods.ACTOR, at=here.at)
    scene.settle()
    product = Product.objects.filter(variants__stock_item__allocated=0).order_by("id")[0]
    pages = {
        "product": product.get_absolute_url(),
        "shelf": "/c/kitchen/",
        "shelf up to a price": "/c/kitchen/?price_to=90",
    }
    pages = dict(islice(pages.items(), here.of(len(pages), least=1)))
    seconds, figures = here.of(SECONDS, least=1), []
    with serving("shop.bench.static_string:application", "/") as port:
        string = _load(port, "/", seconds)
    with serving("shop.wsgi:application", "/livez") as port:
        for name, path in pages.items():
            # Both processes have made it twice before they keep it.
            _load(port, path, 1)
            warm, again = _load(port, path, seconds), _load(port, path, seconds, headers=_asking_again(port, path))
            beside = Beside("a static string", string.rate), Target(PART_OF_A_STRING, at_most=False, of_ratio=True)
            figures += [
                Figure(f"{name}, shown again", warm.rate, "/s", *beside),
                Figure("p99", warm.p99_ms, "ms", None, Target(MOST_MS)),
                Figure(
                    "the browser has it still",
                    again.rate,
                    "/s",
                    Beside("the page", warm.rate),
                    Target(TIMES_A_PAGE, at_most=False, of_ratio=True),
                ),
            ]
    with serving("shop.bench.bare_view:application", "/") as port:
        bare = Beside("a bare Django view", _load(port, "/", seconds).rate)
    with serving("shop.bench.uncached:application", "/livez") as port:
        for name, path in pages.items():
            target = Target(PART_OF_A_VIEW[name], at_most=False, of_ratio=True) if name in PART_OF_A_VIEW else None
            figures.append(Figure(f"{name}, made anew", _load(port, path, seconds).rate, "/s", bare, target))
    said = f"wrk with {CONNECTIONS} connections for {seconds} s each, on the same cores; gunicorn {SIZE}"
    return Outcome(figures, [said], scene.differences())


def _asking_again(port: int, path: str) -> dict[str, str]:
    browser = Browser(port)
    browser.get(path)
    return browser.asking_again


def _load(port: int, path: str, seconds: int, *, headers: Mapping[str, str] | None = None) -> Load:
    """So many requests a second were answered; raises CannotRun where wrk is missing or an answer is no page."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise CannotRun("wrk was not found: install it (on Debian: apt install wrk) to measure pages.")
    asked = [part for name, value in (headers or {}).items() for part in ("-H", f"{name}: {value}")]
    command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", *asked, f"http://127.0.0.1:{port}{path}"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rate, slow = re.search(r"Requests/sec:\s+([\d.]+)", said), re.search(r"99%\s+([\d.]+)(us|ms|s)", said)
    if "Non-2xx" in said or not rate or not slow:
        raise CannotRun(f"The pages of {path} cannot be measured:\n{said}")
    return Load(float(rate[1]), float(slow[1]) * {"us": 0.001, "ms": 1, "s": 1000}[slow[2]])
