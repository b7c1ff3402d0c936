"""Six weeks in the life of the demo's shop, told day by day. Days are counted from today.

At the end there is something of everything: goods in stock, goods of which some can be had now and some later, goods
that all come later, goods without a day, goods for which no more may wait; orders that wait, that are late, that can
leave in part or as a whole, that have left, of which something comes back, and that were cancelled; a delivery that is
due today and one that is overdue.
"""

from shop import payments
from shop.demo.people import ADA, BO, CLARA, DARIO, EMMA, FARID, GRETA, HUGO, INES, JONAS
from shop.demo.stage import Stage
from shop.gateways.transfer import Transfer
from shop.models import Sends

OPENED = -40


def tell(stage: Stage) -> None:
    _first_weeks(stage)
    _goods_on_order(stage)
    _the_last_week(stage)
    if any(gateway.name == Transfer.name for gateway in payments.offered()):
        _paid_ahead(stage)


def _first_weeks(stage: Stage) -> None:
    stage.buy(
        "TT-77", "Tessel & Thread", -38, THROW_WOOL_OCHRE=(15, -3, True), CURTAINS_LINEN_NATURAL_240=(12, 9, True)
    )
    stage.buy("LP-330", "Lindhof Pottery", -36, MUG_STONE_BLUE=(48, -14, True))
    stage.order("pour-over", ADA, -30, 15, POUROVER_SET=1, MUG_STONE_BLUE=2)
    stage.ship("pour-over", "JD0140000011", -29, 15)
    stage.order("last throw", CLARA, -26, 20, THROW_WOOL_OCHRE=1, MISTER_GLASS=1)
    stage.ship("last throw", "JD0140000027", -25, 11)
    # Promised for a day that has passed by now. He heard of it before, and his silence kept the order.
    stage.order("late throws", BO, -24, 10, THROW_WOOL_OCHRE=2)
    # Four mugs at once, four when the potter delivers: a promise that was kept.
    stage.order("eight mugs", CLARA, -22, 18, MUG_STONE_BLUE=8)
    stage.ship("eight mugs", "JD0140000033", -21, 9)


def _goods_on_order(stage: Stage) -> None:
    # Nobody waits for these plates, and they are overdue.
    stage.buy("LP-341", "Lindhof Pottery", -21, PLATES_DINNER_MIXED=(12, -4, True))
    stage.buy("EW-118", "Eschenwerk", -20, STOOL_OAK_NATURAL=(20, 5, True), STOOL_OAK_BLACK=(8, 20, False))
    stage.order("two stools", DARIO, -18, 16, STOOL_OAK_NATURAL=2)
    stage.ship("two stools", "JD0140000052", -17, 10)
    stage.order("stool and towels", ADA, -15, 21, STOOL_OAK_NATURAL=1, TOWELS_TEA_SET=1)
    stage.ship("stool and towels", "JD0140000055", -14, 9)
    stage.deliver("LP-330/1", "LP-330", -14, 10, MUG_STONE_BLUE=30)
    stage.move(
        "LP-330",
        "MUG-STONE-BLUE",
        -14,
        11,
        to=6,
        confirmed=True,
        why="The pottery sent part of the mugs; the rest comes out of the next firing",
    )
    stage.ship("eight mugs", "JD0140000064", -13, 16)
    stage.buy("NE-2041", "Norrby Enamel", -12, KETTLE_ENAMEL_BLUE=(24, 0, True), CAN_WATER_CREAM=(12, 0, True))
    stage.order("three kettles", EMMA, -10, 15, KETTLE_ENAMEL_BLUE=3)
    stage.ship("three kettles", "JD0140000078", -9, 11)
    stage.order("curtains", GRETA, -9, 14, shipping="Express parcel", CURTAINS_LINEN_NATURAL_240=2)
    stage.ship("curtains", "JD0140000081", -8, 10)
    stage.order("two kettles", FARID, -8, 19, KETTLE_ENAMEL_BLUE=2)
    stage.move(
        "TT-77",
        "THROW-WOOL-OCHRE",
        -7,
        10,
        to=8,
        confirmed=True,
        why="The dye house of the mill stood under water; the next batch is on the loom",
    )


def _the_last_week(stage: Stage) -> None:
    stage.order("large planter", GRETA, -7, 13, PLANTER_CLAY_LARGE=1)
    stage.order("pan and board", HUGO, -6, 22, PAN_IRON_24=1, BOARD_OAK_LARGE=1)
    stage.cancel("pan and board", -5, 9, why="Ordered twice by mistake.")
    stage.buy("TT-81", "Tessel & Thread", -5, CURTAINS_LINEN_SAGE_280=(10, 26, False))
    # One on the shelf, more in nine days, more in forty: an answer in three steps.
    stage.buy("TT-82", "Tessel & Thread", -5, CURTAINS_LINEN_NATURAL_240=(20, 40, False))
    stage.buy("ML-12", "Marlow Light", -5, LAMP_DESK_TERRACOTTA=(10, None, False), LAMP_DESK_CREAM=(6, 16, True))
    # As many wait for this one as may.
    stage.order("three lamps", HUGO, -5, 20, LAMP_DESK_CREAM=3)
    # Of this one an order gets two beyond what is there.
    stage.buy("NE-2048", "Norrby Enamel", -5, POT_ENAMEL_5L_GREEN=(12, 16, True))
    stage.order("long curtains", INES, -4, 11, CURTAINS_LINEN_SAGE_280=2)
    stage.reduce("long curtains", "CURTAINS-LINEN-SAGE-280", 1, -3, 17, why="One window is enough.")
    # One who wants a single parcel: the basket is set aside and waits for the stool.
    stage.order("basket and stool", EMMA, -3, 19, sends=Sends.TOGETHER, BASKET_WILLOW=1, STOOL_OAK_BLACK=1)
    # So long a delay needs her yes: she has not answered yet.
    stage.move(
        "TT-81",
        "CURTAINS-LINEN-SAGE-280",
        -2,
        15,
        to=75,
        confirmed=False,
        why="This year's flax came in late, and the mill weaves the wide cloth from January on",
    )
    stage.ask("stool and towels", "Does the stool come in one piece, or do I need tools for it?", -2, 11)
    stage.reply(
        "stool and towels",
        "It comes in one piece: its legs are wedged into the seat.\n\nA cloth for the oil lies with it.",
        -2,
        16,
    )
    stage.announce("eight mugs", "MUG-STONE-BLUE", 2, -1, 12, why="Two more than our shelf takes")
    # This one waits for the desk.
    stage.ask("late throws", "Could one of the two be sent ahead, if it comes first? The other can wait.", -1, 18)
    stage.draft("HL-9", "Hearth & Ladle", PAN_IRON_28=(10, 35, False))
    stage.move(
        "EW-118",
        "STOOL-OAK-NATURAL",
        -2,
        9,
        to=12,
        confirmed=True,
        why="The oak needs another week in the drying kiln",
    )
    # Today: one that can leave in part, one that can leave as a whole. The kettles are due today.
    stage.order("grinder and kettle", ADA, 0, 7, GRINDER_BOX_OAK=1, KETTLE_ENAMEL_BLUE=1)
    stage.order("plates and mills", JONAS, 0, 8, PLATES_DINNER_TERRACOTTA=1, MILLS_PAIR=1)


def _paid_ahead(stage: Stage) -> None:
    """By bank transfer: one whose money did not come in a week, and one whose money is on its way."""
    stage.order("unpaid bowls", HUGO, -9, 10, payment=Transfer.name, BOWLS_MIXING_SET=1)
    stage.give_back("unpaid bowls", -2, 11)
    stage.order("carafe and teapot", JONAS, -1, 20, payment=Transfer.name, CARAFE_GLASS=2, TEAPOT_STONE_SAND=1)
