"""What was asked for and could not be promised, for the report that says what to order more of."""

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone

from backorders.plan import Limit
from shop.models import LostDemand


def note(refused: Iterable[tuple[int, int, Limit]], visitor: str, *, at: datetime) -> None:
    """Write down units that a visitor could not be promised: stock item id, units, why. No query for none.

    Asked again on the same day, the newest counts.
    """
    day = timezone.localdate(at)
    rows = [
        LostDemand(item_id=item_id, visitor=visitor, on=day, units=units, why=limit.name.lower())
        for item_id, units, limit in refused
    ]
    if rows:
        LostDemand.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["item", "visitor", "on"], update_fields=["units", "why"]
        )
