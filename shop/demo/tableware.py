from shop.demo.goods import Goods, choice

TABLE = (
    Goods(
        slug="stoneware-mug",
        title="Stoneware Mug",
        shelf="table",
        vendor="Lindhof Pottery",
        alt="A blue mug with a bare clay foot and steaming coffee in it",
        description="""
<p>A big mug with a handle for the whole hand. The foot is left unglazed, so you feel the clay; the glaze breaks a
little differently on every piece.</p>
<ul><li>Holds 350 millilitres</li><li>Safe in dishwasher and microwave</li></ul>""",
        choices=(
            choice("MUG-STONE-BLUE", "18.00", 390, Colour="Blue"),
            choice("MUG-STONE-OCHRE", "18.00", 390, drawing="stoneware-mug-ochre", Colour="Ochre"),
            choice("MUG-STONE-CLAY", "18.00", 390, drawing="stoneware-mug-clay-pink", Colour="Clay pink"),
        ),
        tags=("stoneware", "coffee", "cup"),
        featured=True,
    ),
    Goods(
        slug="dinner-plates",
        title="Dinner Plates, Set of Four",
        shelf="table",
        vendor="Lindhof Pottery",
        alt="A terracotta plate standing behind a stack of three others",
        description="""
<p>Four plates with a low rim that keeps a sauce where it belongs. They stack closely and can be bought one set at a
time: the glaze recipe does not change.</p>
<ul><li>26 cm across</li><li>Safe in dishwasher and microwave</li></ul>""",
        choices=(
            choice("PLATES-DINNER-TERRACOTTA", "76.00", 2800, Colour="Terracotta"),
            choice("PLATES-DINNER-MIXED", "79.00", 2800, Colour="Four colours"),
        ),
        tags=("stoneware",),
    ),
    Goods(
        slug="glass-carafe",
        title="Glass Carafe with Tumbler",
        shelf="table",
        vendor="Fennel Street Glass",
        alt="A glass carafe of water with a slice of lemon, a tumbler beside it",
        description="""
<p>For the night table or the desk. Mouth-blown from recycled glass, closed with an oak stopper that keeps dust out
and fizz in.</p>
<p>The carafe holds 0.9 litres, the tumbler 200 millilitres.</p>""",
        choices=(choice("CARAFE-GLASS", "39.00", 980),),
        tags=("glass", "jug"),
    ),
    Goods(
        slug="mixing-bowls",
        title="Mixing Bowls, Set of Three",
        shelf="table",
        vendor="Lindhof Pottery",
        alt="Three nested bowls in green, terracotta and cream with a wooden spoon",
        description="""
<p>Three bowls that nest, from whisking an egg to proving a dough. Each has a foot ring that does not slip and a rim
to pour from.</p>
<ul><li>0.8, 2 and 4 litres</li><li>Oven safe to 200 °C</li></ul>""",
        choices=(choice("BOWLS-MIXING-SET", "84.00", 3400, was="96.00"),),
        tags=("stoneware", "baking"),
    ),
)
