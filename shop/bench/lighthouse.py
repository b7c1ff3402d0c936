"""How fast pages are for somebody with a phone on a slow line, as Lighthouse sees it, from 0 to 100."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from itertools import islice
from statistics import median

from django.conf import settings

from shop.bench import goods, scene
from shop.bench.browser import Browser
from shop.bench.scene import Scene
from shop.bench.table import Figure, Outcome, Target
from shop.bench.web_server import FOR_A_BROWSER, serving
from shop.demo.furnish import furnish
from shop.dev.bootstrap import CannotRun

PAGES = {
    "home": "/",
    "shelf": "/c/kitchen/",
    "in stock": "/products/stoneware-mug/",
    "on backorder": "/products/oak-stool/?quantity=3",
    "out of stock": "/products/desk-lamp/",
    "cart": "/cart/",
    "checkout": "/checkout/",
}
# These are asked for by somebody who has something in her cart.
PRIVATE = {"cart", "checkout"}
BOUGHT = "/products/oak-stool/"
REPETITIONS, LEAST, PATIENCE = 3, 98, 600
_JUDGE = "tests/browser/lighthouse.mjs"


def lighthouse(here: Scene) -> Outcome:
    furnish(actor=goods.ACTOR, at=here.at)
    scene.settle()
    with serving("shop.wsgi:application", "/livez", size=FOR_A_BROWSER) as port:
        pages = dict(islice(_pages(port).items(), here.of(len(PAGES), least=1)))
        runs = [_scores(pages) for _ in range(here.of(REPETITIONS, least=1))]
    target = Target(LEAST, at_most=False)
    figures = [
        Figure(f"{name}, seen by a phone", median(run[name] for run in runs), "", None, target) for name in pages
    ]
    said = f"median of {len(runs)} runs of Lighthouse's mobile preset, performance only; gunicorn {FOR_A_BROWSER}"
    return Outcome(figures, [said], scene.differences())


def _pages(port: int) -> dict[str, dict[str, object]]:
    shopper = Browser(port)
    shopper.get(BOUGHT)
    shopper.submit("/cart/add/")
    return {
        name: {
            "address": f"http://127.0.0.1:{port}{path}",
            "categories": ["performance"],
            "headers": {"Cookie": shopper.cookie} if name in PRIVATE else {},
        }
        for name, path in PAGES.items()
    }


def _scores(pages: Mapping[str, Mapping[str, object]]) -> dict[str, float]:
    """Raises CannotRun where a tool is missing, a page cannot be judged, or another one answered than was asked for."""
    node, chromium, judge = shutil.which("node"), shutil.which("chromium"), settings.BASE_DIR / _JUDGE
    if not node or not chromium or not (judge.parent / "node_modules").is_dir():
        raise CannotRun(
            "Lighthouse was not found: install node and chromium, and run "
            "`npm install --no-package-lock --ignore-scripts` in tests/browser."
        )
    done = subprocess.run(
        [node, str(judge)],
        input=json.dumps(pages),
        env=os.environ | {"CHROME_PATH": chromium},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    if done.returncode:
        raise CannotRun(f"Lighthouse gave up:\n{done.stderr}")
    found = json.loads(done.stdout)
    if strange := [name for name, page in pages.items() if found[name]["address"] != page["address"]]:
        raise CannotRun(f"Other pages answered than were asked for: {', '.join(strange)}.")
    scores = {name: page["scores"]["performance"] for name, page in found.items()}
    if unjudged := [name for name, score in scores.items() if score is None]:
        raise CannotRun(f"Lighthouse could not judge {', '.join(unjudged)}: run it again.")
    return {name: 100 * score for name, score in scores.items()}
