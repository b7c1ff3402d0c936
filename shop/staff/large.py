"""Lists that stay quick however many rows there are."""

from collections.abc import Callable
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from unfold.views import ChangeList


class AnnotatedPage(ChangeList):
    """Works out the columns of the rows that a page shows, and of no others.

    The admin's `annotated(queryset)` adds them. A list that is annotated as a whole is worked out as a whole.
    """

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(getattr(self, "result_list", ()))
        shown: QuerySet[Any] = self.model_admin.annotated(self.root_queryset.filter(pk__in=[row.pk for row in rows]))
        by_id = {row.pk: row for row in shown.order_by()}
        self.result_list = [by_id[row.pk] for row in rows if row.pk in by_id]


class CountedUpTo(Paginator):
    """Counts no further than anybody turns pages: all of a million rows take seconds."""

    MOST = 1_000

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.values("pk")[: self.MOST].count())


def counted_by(count: Callable[[], int]) -> type[Paginator]:
    """A paginator for a list whose rows are counted quicker elsewhere."""

    class Counted(Paginator):
        @cached_property
        def count(self) -> int:
            return count()

    return Counted
