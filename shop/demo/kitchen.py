from shop.demo.goods import Goods, choice

COFFEE_AND_TEA = (
    Goods(
        slug="enamel-kettle",
        title="Enamel Kettle",
        shelf="coffee-and-tea",
        vendor="Norrby Enamel",
        alt="A blue enamel kettle with an arched handle and an oak grip",
        description="""
<p>A kettle for the hob, made of heavy-gauge steel and enamelled twice. The oak grip stays cool, and the wide lid
makes it easy to fill and to descale.</p>
<ul><li>Holds 1.5 litres</li><li>For gas, electric and induction hobs</li><li>Wash by hand</li></ul>""",
        choices=(
            choice("KETTLE-ENAMEL-BLUE", "64.00", 1180, Colour="Blue"),
            choice("KETTLE-ENAMEL-CREAM", "64.00", 1180, drawing="enamel-kettle-cream", Colour="Cream"),
            choice("KETTLE-ENAMEL-GREEN", "64.00", 1180, drawing="enamel-kettle-green", Colour="Green"),
        ),
        tags=("enamel", "induction"),
        featured=True,
    ),
    Goods(
        slug="coffee-grinder",
        title="Box Coffee Grinder",
        shelf="coffee-and-tea",
        vendor="Eschenwerk",
        alt="A wooden coffee grinder with a drawer, a terracotta dome and a crank",
        description="""
<p>Hold it between the knees or on the worktop and turn. A hardened steel burr grinds from espresso to French press,
and the drawer takes enough for four cups.</p>
<p>The burr can be taken out with a coin and replaced, so the grinder need never be thrown away.</p>""",
        choices=(
            choice("GRINDER-BOX-OAK", "89.00", 1420, Finish="Oak"),
            choice("GRINDER-BOX-WALNUT", "98.00", 1460, Finish="Walnut"),
        ),
        tags=("coffee", "wood"),
    ),
    Goods(
        slug="pour-over-set",
        title="Pour-over Set",
        shelf="coffee-and-tea",
        vendor="Fennel Street Glass",
        alt="A stoneware dripper on a glass server half full of coffee",
        description="""
<p>A stoneware dripper and a glass server that belong together. Deep ribs keep the paper away from the wall, so the
water runs evenly and the cup is clear.</p>
<ul><li>Server of 600 millilitres, borosilicate glass</li><li>Takes ordinary No. 2 filter papers</li><li>Dishwasher
safe without its oak collar</li></ul>""",
        choices=(choice("POUROVER-SET", "46.00", 890, was="54.00"),),
        tags=("coffee", "glass", "filter"),
        featured=True,
    ),
    Goods(
        slug="stoneware-teapot",
        title="Stoneware Teapot",
        shelf="coffee-and-tea",
        vendor="Lindhof Pottery",
        alt="A round, dark green teapot with an oak knob and a terracotta line",
        description="""
<p>Thrown by hand and glazed inside and out. The spout cuts off cleanly, and the lid has a lip that holds it in place
down to the last cup.</p>
<ul><li>Holds 1.1 litres, about five cups</li><li>With a fine steel strainer</li></ul>""",
        choices=(
            choice("TEAPOT-STONE-GREEN", "58.00", 1050, Colour="Ink green"),
            choice("TEAPOT-STONE-SAND", "58.00", 1050, drawing="stoneware-teapot-sand", Colour="Sand"),
        ),
        tags=("tea", "stoneware"),
    ),
)

COOKING = (
    Goods(
        slug="enamel-pot",
        title="Enamel Casserole",
        shelf="cooking",
        vendor="Norrby Enamel",
        alt="A terracotta-coloured casserole with a cream rim and an oak knob",
        description="""
<p>The pot that stays on the table after the cooking is done. Enamel on steel heats quickly, does not take on flavours
and goes from the hob to the oven.</p>
<ul><li>Oven safe to 220 °C with the lid on</li><li>For all hobs, induction included</li><li>Dishwasher
safe</li></ul>""",
        choices=(
            choice("POT-ENAMEL-3L-TERRACOTTA", "72.00", 1900, Size="3 l", Colour="Terracotta"),
            choice("POT-ENAMEL-3L-GREEN", "72.00", 1900, drawing="enamel-pot-green", Size="3 l", Colour="Green"),
            choice("POT-ENAMEL-5L-TERRACOTTA", "94.00", 2600, Size="5 l", Colour="Terracotta"),
            choice("POT-ENAMEL-5L-GREEN", "94.00", 2600, drawing="enamel-pot-green", Size="5 l", Colour="Green"),
        ),
        tags=("enamel", "induction", "oven", "pot", "dutch oven"),
    ),
    Goods(
        slug="bread-bin",
        title="Bread Bin",
        shelf="cooking",
        vendor="Norrby Enamel",
        alt="A cream bread bin with an oak lid, a loaf in front of it",
        description="""
<p>Keeps a two-kilo loaf fresh for most of a week. The holes let out just enough moisture, and the lid, turned over,
is a board to cut on.</p>
<ul><li>36 × 21 × 20 cm</li><li>Powder-coated steel, lid of oiled oak</li></ul>""",
        choices=(
            choice("BREADBIN-CREAM", "68.00", 2300, Colour="Cream"),
            choice("BREADBIN-GREEN", "68.00", 2300, drawing="bread-bin-green", Colour="Green"),
        ),
        tags=("bread", "storage", "bread box"),
    ),
    Goods(
        slug="iron-pan",
        title="Cast Iron Pan",
        shelf="cooking",
        vendor="Hearth & Ladle",
        alt="A black cast iron pan with a fried egg in it",
        description="""
<p>Cast in one piece, ground smooth and seasoned with linseed oil, ready for the first egg. It is heavy, it holds its
heat, and it gets better with every meal.</p>
<p>Wipe it out, dry it, rub it with a drop of oil: that is all the care it asks for.</p>""",
        choices=(
            choice("PAN-IRON-24", "54.00", 2150, Size="24 cm"),
            choice("PAN-IRON-28", "66.00", 2900, Size="28 cm"),
        ),
        tags=("iron", "induction", "oven", "skillet", "frying pan"),
        featured=True,
    ),
    Goods(
        slug="chopping-board",
        title="Oak Chopping Board",
        shelf="cooking",
        vendor="Eschenwerk",
        alt="An oak chopping board with a handle, a tomato beside it",
        description="""
<p>One plank of European oak, no glue, planed with the grain and oiled. It hangs by its handle and serves as a tray
for bread and cheese.</p>
<ul><li>Small: 34 × 20 cm</li><li>Large: 48 × 26 cm</li><li>Never for the dishwasher</li></ul>""",
        choices=(
            choice("BOARD-OAK-SMALL", "29.00", 850, Size="Small"),
            choice("BOARD-OAK-LARGE", "44.00", 1700, Size="Large"),
        ),
        tags=("wood", "cutting board"),
    ),
    Goods(
        slug="pepper-mills",
        title="Salt and Pepper Mills",
        shelf="cooking",
        vendor="Eschenwerk",
        alt="A tall green and a short oak mill, a few peppercorns before them",
        description="""
<p>A tall one for pepper, a short one for salt, so that the hand knows which is which. Both have ceramic grinders that
neither rust nor wear.</p>
<p>Turned from beech and oak; 24 and 16 cm high.</p>""",
        choices=(choice("MILLS-PAIR", "52.00", 640),),
        tags=("wood", "grinder"),
    ),
)
