from shop.demo.goods import Goods, choice

LIVING = (
    Goods(
        slug="oak-stool",
        title="Oak Stool",
        shelf="living",
        vendor="Eschenwerk",
        alt="A round oak stool on three legs",
        description="""
<p>A seat, a bedside table, a step to the upper shelf. Three legs never wobble, and the seat is hollowed a little so
that one sits well on it.</p>
<ul><li>45 cm high, seat 36 cm across</li><li>Bears 120 kg</li><li>Solid oak, wedged joints, no screws</li></ul>""",
        choices=(
            choice("STOOL-OAK-NATURAL", "149.00", 4200, Finish="Natural"),
            choice("STOOL-OAK-BLACK", "159.00", 4200, drawing="oak-stool-black", Finish="Black stained"),
        ),
        tags=("wood", "seat"),
        featured=True,
    ),
    Goods(
        slug="desk-lamp",
        title="Jointed Desk Lamp",
        shelf="living",
        vendor="Marlow Light",
        alt="A jointed desk lamp with a terracotta shade throwing a cone of light",
        description="""
<p>Two joints with brass knuckles keep the shade wherever it is put. The cone shields the eye and lights the page.</p>
<ul><li>For E27 bulbs up to 9 W LED; a warm white one is included</li><li>Cable of 2 m with a switch at the
foot</li></ul>""",
        choices=(
            choice("LAMP-DESK-TERRACOTTA", "134.00", 2600, Colour="Terracotta"),
            choice("LAMP-DESK-CREAM", "134.00", 2600, drawing="desk-lamp-cream", Colour="Cream"),
        ),
        tags=("light", "reading lamp"),
        featured=True,
    ),
    Goods(
        slug="wall-clock",
        title="Wall Clock",
        shelf="living",
        vendor="Marlow Light",
        alt="A round wall clock with an oak rim above two books",
        description="""
<p>A quiet clock: the hand sweeps and does not tick. Rim of steamed oak, face of enamelled steel, glass that can be
taken out and cleaned.</p>
<p>32 cm across; runs about a year on one AA battery.</p>""",
        choices=(choice("CLOCK-WALL-OAK", "78.00", 1300, was="92.00"),),
        tags=("wood",),
    ),
    Goods(
        slug="willow-basket",
        title="Willow Basket",
        shelf="living",
        vendor="Reed & Osier",
        alt="A woven basket with two handles, a blue blanket in it",
        description="""
<p>Woven from split willow over a solid oak rim, for logs, laundry or blankets. The handles are worked into the frame
and carry what the basket holds.</p>
<p>48 cm across, 36 cm high.</p>""",
        choices=(choice("BASKET-WILLOW", "69.00", 1900),),
        tags=("storage", "willow"),
    ),
)

PLANTS = (
    Goods(
        slug="ceramic-planter",
        title="Terracotta Planter",
        shelf="plants",
        vendor="Lindhof Pottery",
        alt="A leafy plant in a terracotta planter on a saucer",
        description="""
<p>Unglazed clay that breathes, fired hard enough to stand outdoors through the winter. With a hole in the bottom and
a saucer that is glazed inside.</p>
<ul><li>Small 14 cm, medium 22 cm, large 34 cm across</li><li>The large one is thrown to order</li></ul>""",
        choices=(
            choice("PLANTER-CLAY-SMALL", "19.00", 900, Size="Small"),
            choice("PLANTER-CLAY-MEDIUM", "34.00", 2400, Size="Medium"),
            choice("PLANTER-CLAY-LARGE", "79.00", 7800, Size="Large"),
        ),
        tags=("terracotta", "outdoor", "flower pot"),
    ),
    Goods(
        slug="watering-can",
        title="Watering Can",
        shelf="plants",
        vendor="Norrby Enamel",
        alt="A dark green watering can with a brass rose",
        description="""
<p>Balanced so that it pours when the wrist turns, not before. The long spout reaches the back of the sill, and the
brass rose comes off for a single stream.</p>
<ul><li>Holds 2.5 litres</li><li>Powder-coated steel, brass rose</li></ul>""",
        choices=(
            choice("CAN-WATER-GREEN", "42.00", 880, Colour="Green"),
            choice("CAN-WATER-CREAM", "42.00", 880, drawing="watering-can-cream", Colour="Cream"),
        ),
        tags=("outdoor",),
    ),
    Goods(
        slug="plant-mister",
        title="Plant Mister",
        shelf="plants",
        vendor="Fennel Street Glass",
        alt="A terracotta-tinted glass mister with a brass pump, spraying",
        description="""
<p>A fine, even mist from a brass pump that can be unscrewed and repaired. The tinted glass keeps the water from
turning green.</p>
<p>Holds 400 millilitres; refill it before it runs dry, and the pump lasts for years.</p>""",
        choices=(choice("MISTER-GLASS", "27.00", 430),),
        tags=("glass", "sprayer"),
    ),
)
