"""What stood on the demo's shelves when it opened, who supplies it, and who may wait for what is not there."""

from dataclasses import dataclass

from backorders.models import Policy

# Units on the shelf on the first day. What is not named had none.
OPENING = {
    "KETTLE-ENAMEL-BLUE": 2,
    "KETTLE-ENAMEL-CREAM": 14,
    "KETTLE-ENAMEL-GREEN": 9,
    "GRINDER-BOX-OAK": 11,
    "GRINDER-BOX-WALNUT": 5,
    "POUROVER-SET": 23,
    "TEAPOT-STONE-GREEN": 8,
    "TEAPOT-STONE-SAND": 12,
    "POT-ENAMEL-3L-TERRACOTTA": 10,
    "POT-ENAMEL-3L-GREEN": 7,
    "POT-ENAMEL-5L-TERRACOTTA": 6,
    "POT-ENAMEL-5L-GREEN": 4,
    "BREADBIN-CREAM": 13,
    "BREADBIN-GREEN": 6,
    "PAN-IRON-24": 18,
    "PAN-IRON-28": 15,
    "BOARD-OAK-SMALL": 26,
    "BOARD-OAK-LARGE": 12,
    "MILLS-PAIR": 17,
    "MUG-STONE-BLUE": 6,
    "MUG-STONE-OCHRE": 32,
    "MUG-STONE-CLAY": 28,
    "PLATES-DINNER-TERRACOTTA": 9,
    "PLATES-DINNER-MIXED": 7,
    "CARAFE-GLASS": 20,
    "BOWLS-MIXING-SET": 11,
    "CURTAINS-LINEN-NATURAL-240": 3,
    "CURTAINS-LINEN-NATURAL-280": 8,
    "CURTAINS-LINEN-SAGE-240": 6,
    "THROW-WOOL-OCHRE": 1,
    "THROW-WOOL-GREEN": 10,
    "THROW-WOOL-GREY": 4,
    "TOWELS-TEA-SET": 40,
    "CUSHION-PATCH-WARM": 16,
    "CUSHION-PATCH-COOL": 14,
    "STOOL-OAK-NATURAL": 1,
    "CLOCK-WALL-OAK": 3,
    "BASKET-WILLOW": 9,
    "PLANTER-CLAY-SMALL": 44,
    "PLANTER-CLAY-MEDIUM": 19,
    "CAN-WATER-GREEN": 12,
    "CAN-WATER-CREAM": 2,
    "MISTER-GLASS": 25,
}


@dataclass(frozen=True, slots=True)
class Rules:
    """Who may wait for an article, and how many units; what is not said is not limited."""

    policy: Policy = Policy.INBOUND
    lead_days: int = 28
    cap: int | None = None
    per_order: int | None = None


# Whoever is not named lets shoppers wait for what is on order.
QUEUES = {
    "CLOCK-WALL-OAK": Rules(Policy.CLOSED),
    "THROW-WOOL-GREY": Rules(Policy.CLOSED),
    "PLANTER-CLAY-LARGE": Rules(Policy.LEAD_TIME),
    "STOOL-OAK-NATURAL": Rules(cap=30),
    "LAMP-DESK-CREAM": Rules(cap=3),
    "POT-ENAMEL-5L-GREEN": Rules(per_order=2),
}

SUPPLIERS = {
    "Norrby Enamel": "orders@norrby-enamel.example",
    "Lindhof Pottery": "studio@lindhof.example",
    "Tessel & Thread": "mill@tessel-thread.example",
    "Eschenwerk": "werkstatt@eschenwerk.example",
    "Marlow Light": "sales@marlow-light.example",
    "Hearth & Ladle": "foundry@hearth-ladle.example",
}

# Where parcels are followed.
CARRIERS = {
    "DHL": "https://www.dhl.de/en/privatkunden/pakete-empfangen/verfolgen.html?piececode={number}",
    "DPD": "https://tracking.dpd.de/status/en_US/parcel/{number}",
}

# Name, what it says, price in euro, price of each further parcel of an order that is sent as it gets ready.
SHIPPING = (
    ("Standard parcel", "2 to 4 working days after dispatch", "4.90", "2.90"),
    ("Express parcel", "Next working day after dispatch", "9.90", "5.90"),
)
