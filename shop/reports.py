"""Figures about a stretch of time, for staff who decide what to order, from whom, and which promises to make.

Each report is read from rows that nobody edits afterwards, in one query and a setting for it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from backorders.plan import Limit
from inventory.dispatch import start_of
from shop.formats import money

type Cell = str | int | float | Decimal | None

# A page stays readable; the file has every row.
ROWS_ON_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Period:
    """From the beginning of one day to the end of another, in the house's zone."""

    first: date
    last: date

    @property
    def since(self) -> datetime:
        return start_of(self.first)

    @property
    def until(self) -> datetime:
        return start_of(self.last + timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Report:
    """A table of a period. `says` how its figures are counted."""

    slug: str
    title: str
    says: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


# Whose goods an article is: of the supplier whose delivery of it is expected first, or who was to bring it last.
_SOURCE = """
WITH source AS (
    SELECT DISTINCT ON (inbound.item_id) inbound.item_id, ordered.supplier_id
    FROM inventory_purchaseorderline inbound JOIN inventory_purchaseorder ordered ON ordered.id = inbound.order_id
    CROSS JOIN LATERAL (
        SELECT inbound.received < inbound.quantity - inbound.written_off AND ordered.state <> 'closed' AS is_owed
    ) AS line
    WHERE ordered.state <> 'draft'
    ORDER BY inbound.item_id, line.is_owed DESC, CASE WHEN line.is_owed THEN inbound.expected_on END NULLS LAST,
        inbound.id DESC
)
"""


# Lines of which the last unit left in the period.
_GONE = "FROM shop_departure gone WHERE gone.left_on BETWEEN %(first)s AND %(last)s"
_IN_DAYS = "round((extract(epoch FROM {}) / 86400)::numeric, 1)"


def backorder_days(period: Period) -> Report:
    return _report(
        "backorder-days",
        "SKUs that people wait for longest",
        "Each unit that was not there when it was ordered counts the days from its order until the last parcel of its"
        " line left, for lines of which that was in the period; or, where it is still awaited, until the period's end.",
        ("SKU", "Name", "Units that left", "Units still awaited", "Unit-days"),
        f"""
        SELECT item.sku, item.name, sum(gone)::int, sum(awaited)::int, round((sum(seconds) / 86400)::numeric, 1) FROM (
            SELECT item_id, sum(awaited) AS gone, 0 AS awaited, sum(awaited * extract(epoch FROM wait)) AS seconds
            {_GONE} AND awaited > 0 GROUP BY item_id
            UNION ALL
            SELECT item_id, 0, sum(quantity - allocated),
                sum((quantity - allocated) * extract(epoch FROM least(%(until)s, %(now)s) - placed_at))
            FROM backorders_claim WHERE allocated < quantity AND placed_at < least(%(until)s, %(now)s)
            GROUP BY item_id
        ) AS waited
        JOIN inventory_stockitem item ON item.id = item_id
        GROUP BY item.id ORDER BY sum(seconds) DESC, item.sku
        """,
        period,
    )


def waiting_value(period: Period) -> Report:
    """Of now, whatever the period: what waited once is not kept."""
    return _report(
        "waiting-value",
        "What is waited for, by supplier",
        "As of now: units that customers wait for, at the prices of their orders, under the supplier whose delivery of"
        " them is expected first; where none is on its way, the one who was to deliver them last.",
        ("Supplier", "Lines", "Units", "Value", "Oldest order"),
        f"""
        {_SOURCE}
        SELECT coalesce(supplier.name, 'nobody yet'), count(*)::int,
            sum(claim.quantity - claim.allocated)::int,
            sum((claim.quantity - claim.allocated) * claim.unit_price),
            (min(claim.placed_at) AT TIME ZONE %(zone)s)::date::text
        FROM backorders_claim claim
        LEFT JOIN source ON source.item_id = claim.item_id
        LEFT JOIN inventory_supplier supplier ON supplier.id = source.supplier_id
        WHERE claim.allocated < claim.quantity
        GROUP BY supplier.id ORDER BY 4 DESC, 1
        """,
        period,
    )


def waits(period: Period) -> Report:
    return _report(
        "waits",
        "How long customers waited",
        "Lines of which the last unit shipped in the period: days from the order to that parcel, in the middle (p50)"
        " and for all but a tenth (p90). The first row is the whole shop.",
        ("SKU", "Name", "Lines", "p50 days", "p90 days"),
        f"""
        SELECT coalesce(item.sku, 'all'), coalesce(item.name, 'the whole shop'), lines, p50, p90 FROM (
            SELECT item_id, count(*)::int AS lines,
                {_IN_DAYS.format("percentile_cont(0.5) WITHIN GROUP (ORDER BY gone.wait)")} AS p50,
                {_IN_DAYS.format("percentile_cont(0.9) WITHIN GROUP (ORDER BY gone.wait)")} AS p90
            {_GONE} GROUP BY GROUPING SETS ((), item_id) HAVING count(*) > 0
        ) AS waited
        LEFT JOIN inventory_stockitem item ON item.id = item_id
        ORDER BY item_id IS NOT NULL, p90 DESC, 1
        """,
        period,
    )


def kept_by_sku(period: Period) -> Report:
    return _kept("kept-by-sku", "Promises kept, by SKU", ("SKU", "Name"), "item.sku, item.name", "item.id", period)


def kept_by_supplier(period: Period) -> Report:
    return _kept(
        "kept-by-supplier",
        "Promises kept, by supplier",
        ("Supplier",),
        "coalesce(supplier.name, 'our shelf')",
        "supplier.id",
        period,
    )


def _kept(slug: str, title: str, names: tuple[str, ...], select: str, group: str, period: Period) -> Report:
    return _report(
        slug,
        title,
        "Lines of which the last unit shipped in the period: kept where it left by the day that was promised first."
        " Lines that did not ship from the shelf stand under the supplier of the article.",
        (*names, "Lines", "Kept", "Share"),
        f"""
        {_SOURCE}
        SELECT {select}, sum(lines)::int, sum(kept)::int, round(100 * sum(kept) / sum(lines), 1)
        FROM (
            SELECT item_id, awaited = 0 AS from_shelf, count(*) AS lines, count(*) FILTER (WHERE kept) AS kept
            {_GONE} GROUP BY item_id, from_shelf
        ) AS gone
        JOIN inventory_stockitem item ON item.id = gone.item_id
        LEFT JOIN source ON source.item_id = gone.item_id AND NOT gone.from_shelf
        LEFT JOIN inventory_supplier supplier ON supplier.id = source.supplier_id
        GROUP BY {group} ORDER BY sum(lines) - sum(kept) DESC, 1
        """,
        period,
    )


def kept_by_week(period: Period) -> list[tuple[date, int, int]]:
    """By the Monday of each week: lines of which the last unit left, and those that left by the day promised first."""
    week = "date_trunc('week', left_on)::date"
    return _rows(f"SELECT {week}, count(*)::int, (count(*) FILTER (WHERE kept))::int {_GONE} GROUP BY 1", period)


def lost_demand(period: Period) -> Report:
    report = _report(
        "lost-demand",
        "What we could not promise",
        "Visitors who asked for more than could be promised, each counted once a day for an article, and the units that"
        " were missing.",
        ("SKU", "Name", "Why", "Visitors", "Units"),
        """
        SELECT item.sku, item.name, lost.why, count(*)::int, sum(lost.units)::bigint
        FROM shop_lostdemand lost JOIN inventory_stockitem item ON item.id = lost.item_id
        WHERE lost."on" >= %(first)s AND lost."on" <= %(last)s
        GROUP BY item.id, lost.why ORDER BY sum(lost.units) DESC, item.sku, lost.why
        """,
        period,
    )
    words = {limit.name.lower(): limit.value for limit in Limit}
    rows = tuple((sku, name, words[str(why)], *figures) for sku, name, why, *figures in report.rows)
    return Report(report.slug, report.title, report.says, report.columns, rows)


# By the names of their pages, in the order in which these are offered.
REPORTS: dict[str, tuple[str, Callable[[Period], Report]]] = {
    "backorder-days": ("Longest waited for", backorder_days),
    "waiting-value": ("Waited for, by supplier", waiting_value),
    "waits": ("How long customers waited", waits),
    "kept-by-sku": ("Promises kept, by SKU", kept_by_sku),
    "kept-by-supplier": ("Promises kept, by supplier", kept_by_supplier),
    "lost-demand": ("Not promised", lost_demand),
}


def shown(cell: Cell) -> str:
    """A cell as a page shows it."""
    return money(cell) if isinstance(cell, Decimal) and cell.as_tuple().exponent == -2 else str(cell or 0)


def _report(slug: str, title: str, says: str, columns: Sequence[str], query: str, period: Period) -> Report:
    with transaction.atomic(), connection.cursor() as cursor:
        # Hundreds of thousands of rows are sorted in memory and not on the disk.
        cursor.execute("SET LOCAL work_mem = '64MB'")
        return Report(slug, title, says, tuple(columns), tuple(_rows(query, period)))


def _rows(query: str, period: Period) -> list[Any]:
    known = {
        "since": period.since,
        "until": period.until,
        "now": timezone.now(),
        "first": period.first,
        "last": period.last,
        "zone": settings.TIME_ZONE,
    }
    with connection.cursor() as cursor:
        cursor.execute(query, known)
        return cursor.fetchall()
