"""The quotes of one listing, however many wait for its goods."""

from backorders.availability import quotes
from shop.bench import crowd, goods, scene
from shop.bench.scene import Scene
from shop.bench.table import Figure, Outcome, Target
from shop.bench.timing import Times, clock, counting

VARIANTS, CLAIMS, REPETITIONS = 24, 100_000, 200
MOST_QUERIES, MOST_MS = 2, 5
LINES = 3


def quote(here: Scene) -> Outcome:
    each = here.of(CLAIMS, least=VARIANTS) // VARIANTS
    wanted = {}
    for number in range(VARIANTS):
        item = goods.item_of(f"SKU-{number}", here.at, on_hand=0)
        crowd.wait_for(goods.on_order(item, each, here.at, lines=LINES), goods.variant_of(item), here.at)
        goods.on_order(item, 50, here.at, lines=LINES, number="more")
        wanted[item.pk] = 2
    scene.settle()
    with counting() as statements:
        answers = quotes(wanted, here.at)
    times = Times([clock(lambda: quotes(wanted, here.at)) for _ in range(here.of(REPETITIONS, least=20))])
    refused = [pk for pk, answer in answers.items() if answer.missing]
    faults = (
        [f"{len(refused)} of {VARIANTS} variants were not promised, although enough is on order."] if refused else []
    )
    return Outcome(
        [
            Figure(f"quote {VARIANTS} variants, {each * VARIANTS:,} wait", times.median, "ms", None, Target(MOST_MS)),
            Figure("queries", len(statements), "", None, Target(MOST_QUERIES)),
        ],
        [str(times)],
        [*faults, *scene.differences()],
    )
