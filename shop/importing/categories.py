"""The shelves that a file names, found or put up: by name, in any case, among the children of their parent."""

from collections.abc import Iterable

from shop.importing.names import slug
from shop.models import Category

type Path = tuple[str, ...]

# A product without a shelf could be found by nobody; staff may move it, and a later import leaves it where it is.
UNSORTED: Path = ("More goods",)


class Shelves:
    """All categories of the shop, read once. New ones are written one by one: a file names few."""

    def __init__(self) -> None:
        self.new = 0
        self._by_place: dict[tuple[int | None, str], Category] = {}
        self._slugs: set[str] = set()
        for category in Category.objects.order_by("id"):
            self._by_place.setdefault((category.parent_id, category.name.casefold()), category)
            self._slugs.add(category.slug)

    def put_up(self, paths: Iterable[Path | None]) -> dict[Path, int]:
        """The id of the category at the end of each path."""
        return {path: self._shelf(path).pk for path in dict.fromkeys(filter(None, paths))}

    def name(self, pk: int | None) -> str:
        """The name of a category; empty for none."""
        return next((shelf.name for shelf in self._by_place.values() if shelf.pk == pk), "")

    def _shelf(self, path: Path) -> Category:
        parent = self._shelf(path[:-1]) if path[1:] else None
        place = (parent.pk if parent else None, path[-1].casefold())
        if place not in self._by_place:
            address = self._free_slug(path)
            self._by_place[place] = Category.objects.create(name=path[-1], slug=address, parent=parent)
            self._slugs.add(address)
            self.new += 1
        return self._by_place[place]

    def _free_slug(self, path: Path) -> str:
        """Its name alone if that is free, else with the names above it, else with a number."""
        wanted = [slug(" ".join(path[-depth:]), most=120) for depth in range(1, len(path) + 1)]
        numbered = (f"{wanted[-1][:110]}-{number}" for number in range(2, len(self._slugs) + 3))
        return next(address for address in (*wanted, *numbered) if address not in self._slugs)
