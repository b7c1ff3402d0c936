from shop.demo.goods import Goods, choice

TEXTILES = (
    Goods(
        slug="linen-curtains",
        title="Linen Curtains, Pair",
        shelf="textiles",
        vendor="Tessel & Thread",
        alt="A pair of natural linen curtains, tied back before a window",
        description="""
<p>Two panels of washed European linen that soften the light without shutting it out. Sewn with a tape for rings or
hooks, and with a hem deep enough to be let down.</p>
<ul><li>Each panel is 140 cm wide</li><li>Wash at 40 °C, hang damp</li></ul>""",
        choices=(
            choice("CURTAINS-LINEN-NATURAL-240", "118.00", 1500, Colour="Natural", Length="240 cm"),
            choice("CURTAINS-LINEN-NATURAL-280", "132.00", 1750, Colour="Natural", Length="280 cm"),
            choice(
                "CURTAINS-LINEN-SAGE-240", "124.00", 1500, drawing="linen-curtains-sage", Colour="Sage", Length="240 cm"
            ),
            choice(
                "CURTAINS-LINEN-SAGE-280", "138.00", 1750, drawing="linen-curtains-sage", Colour="Sage", Length="280 cm"
            ),
        ),
        tags=("linen", "drapes"),
        featured=True,
    ),
    Goods(
        slug="wool-throw",
        title="Wool Throw",
        shelf="textiles",
        vendor="Tessel & Thread",
        alt="An ochre wool throw with stripes and a fringe, hung over an oak ladder",
        description="""
<p>Woven on a small mill from undyed and dyed lambswool, brushed once so that it is warm but not shaggy. Large enough
for two on a sofa.</p>
<ul><li>130 × 190 cm with a twisted fringe</li><li>Air it rather than wash it</li></ul>""",
        choices=(
            choice("THROW-WOOL-OCHRE", "109.00", 1100, Colour="Ochre"),
            choice("THROW-WOOL-GREEN", "109.00", 1100, drawing="wool-throw-green", Colour="Green"),
            choice("THROW-WOOL-GREY", "99.00", 1100, drawing="wool-throw-grey", was="109.00", Colour="Undyed grey"),
        ),
        tags=("wool", "blanket"),
        featured=True,
    ),
    Goods(
        slug="tea-towels",
        title="Tea Towels, Set of Two",
        shelf="textiles",
        vendor="Tessel & Thread",
        alt="A cream and a terracotta tea towel hanging from an oak rail",
        description="""
<p>Half linen, half cotton: the linen dries, the cotton drinks. One striped, one plain with a striped edge, each with
a loop that holds.</p>
<p>50 × 70 cm; wash at 60 °C.</p>""",
        choices=(choice("TOWELS-TEA-SET", "24.00", 260),),
        tags=("linen", "cotton", "dish cloth"),
    ),
    Goods(
        slug="patchwork-cushion",
        title="Patchwork Cushion",
        shelf="textiles",
        vendor="Tessel & Thread",
        alt="A square cushion of coloured quarter circles around an ochre disc",
        description="""
<p>Quarter circles cut from the mill's offcuts and pieced by hand, so no two cushions are quite the same. The cover
comes off by a hidden zip; the filling is included.</p>
<p>50 × 50 cm.</p>""",
        choices=(
            choice("CUSHION-PATCH-WARM", "62.00", 820, Colour="Warm"),
            choice("CUSHION-PATCH-COOL", "62.00", 820, drawing="patchwork-cushion-cool", Colour="Cool"),
        ),
        tags=("cotton", "pillow"),
    ),
)
