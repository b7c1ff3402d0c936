"""Pages that everybody looks at: shown again as they were, made anew, and those that the browser still has."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from shop.bench import goods, scene
from shop.bench.browser import Browser
from shop.bench.scene import Scene
from shop.bench.table import Beside, Figure, Outcome, Target
from shop.bench.web_server import SIZE, serving
from shop.demo.furnish import furnish
from shop.dev.bootstrap import CannotRun
from shop.models import Product

CONNECTIONS, SECONDS = 8, 10
# Of a string served by the same web server; of a page with one query and no template; and in milliseconds.
PART_OF_A_STRING, PART_OF_A_BARE_PAGE, MOST_MS, TIMES_A_PAGE = 1 / 3, 0.5, 50, 3
# Every address is another page, so that none is there already: a tidy one, or it would only be sent elsewhere.
_ANEW = 'local n = 1000\nrequest = function() n = n + 1 return wrk.format("GET", "{path}" .. n) end\n'


@dataclass(frozen=True, slots=True)
class Load:
    rate: float
    p99_ms: float


def look(here: Scene) -> Outcome:
    furnish(actor=goods.ACTOR, at=here.at)
    scene.settle()
    product = Product.objects.filter(variants__stock_item__allocated=0).order_by("id")[0]
    pages = {
        "product": (product.get_absolute_url(), f"{product.get_absolute_url()}?n="),
        "shelf": ("/c/kitchen/", "/c/kitchen/?price_to="),
    }
    seconds = here.of(SECONDS, least=1)
    with serving("shop.bench.static_string:application", "/") as port:
        string = _load(port, "/", seconds)
    with serving("shop.bench.bare_page:application", "/?item=1") as port:
        bare = _load(port, "/?item=1", seconds)
    figures = []
    with serving("shop.wsgi:application", "/livez") as port:
        for name, (path, anew) in pages.items():
            # Both processes have made it twice before they keep it.
            _load(port, path, 1)
            warm = _load(port, path, seconds)
            figures += [
                Figure(
                    f"{name}, shown again",
                    warm.rate,
                    "/s",
                    Beside("a static string", string.rate),
                    Target(PART_OF_A_STRING, at_most=False, of_ratio=True),
                ),
                Figure("p99", warm.p99_ms, "ms", None, Target(MOST_MS)),
                Figure(
                    "the browser has it still",
                    _load(port, path, seconds, headers=_asking_again(port, path)).rate,
                    "/s",
                    Beside("the page", warm.rate),
                    Target(TIMES_A_PAGE, at_most=False, of_ratio=True),
                ),
                Figure(
                    "made anew",
                    _load(port, anew, seconds, anew=True).rate,
                    "/s",
                    Beside("a bare Django page", bare.rate),
                    Target(PART_OF_A_BARE_PAGE, at_most=False, of_ratio=True),
                ),
            ]
    said = f"wrk with {CONNECTIONS} connections for {seconds} s each, on the same cores; gunicorn {SIZE}"
    return Outcome(figures, [said], scene.differences())


def _asking_again(port: int, path: str) -> dict[str, str]:
    browser = Browser(port)
    browser.get(path)
    return browser.asking_again


def _load(port: int, path: str, seconds: int, *, headers: Mapping[str, str] | None = None, anew: bool = False) -> Load:
    """So many requests a second were answered; raises CannotRun where wrk is missing or an answer is no page."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise CannotRun("wrk was not found: install it (on Debian: apt install wrk) to measure pages.")
    with TemporaryDirectory() as folder:
        script = Path(folder) / "anew.lua"
        script.write_text(_ANEW.format(path=path))
        asked = [part for name, value in (headers or {}).items() for part in ("-H", f"{name}: {value}")]
        options = [*asked, *(["-s", str(script)] if anew else [])]
        command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", *options]
        said = subprocess.run([*command, f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True)
    rate, slow = re.search(r"Requests/sec:\s+([\d.]+)", said.stdout), re.search(r"99%\s+([\d.]+)(us|ms|s)", said.stdout)
    if "Non-2xx" in said.stdout or not rate or not slow:
        raise CannotRun(f"The pages of {path} cannot be measured:\n{said.stdout}")
    return Load(float(rate[1]), float(slow[1]) * {"us": 0.001, "ms": 1, "s": 1000}[slow[2]])
