"""The demo's range: the 24 products of an invented shop for kitchen and home."""

from shop.demo.goods import Goods, Shelf
from shop.demo.home import LIVING, PLANTS
from shop.demo.kitchen import COFFEE_AND_TEA, COOKING
from shop.demo.linen import TEXTILES
from shop.demo.tableware import TABLE

SHELVES = (
    Shelf("kitchen", "Kitchen"),
    Shelf("coffee-and-tea", "Coffee and tea", parent="kitchen"),
    Shelf("cooking", "Cooking and baking", parent="kitchen"),
    Shelf("table", "Table"),
    Shelf("textiles", "Textiles"),
    Shelf("living", "Furniture and light"),
    Shelf("plants", "Plants"),
)

GOODS: tuple[Goods, ...] = (*COFFEE_AND_TEA, *COOKING, *TABLE, *TEXTILES, *LIVING, *PLANTS)
