from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backorders.models import Queue
from inventory.models import StockItem
from tests.cast import stock


def reconcile() -> str:
    said = StringIO()
    call_command("reconcile_stock", stdout=said)
    return said.getvalue()


@pytest.mark.django_db
def test_counters_that_agree_with_their_rows_are_told_so() -> None:
    stock("KETTLE", on_hand=3)
    assert reconcile() == "Every counter agrees with its rows.\n"


@pytest.mark.django_db
def test_each_difference_is_printed_and_fails_the_command() -> None:
    stock("KETTLE", on_hand=3)
    StockItem.objects.update(on_hand=5)
    Queue.objects.update(waiting=2)
    said = StringIO()
    with pytest.raises(CommandError, match=r"2 counters differ from their rows\."):
        call_command("reconcile_stock", stdout=said)
    assert said.getvalue() == (
        "KETTLE: on hand is 5 and allocated 0, the movements say 3 and 0.\nKETTLE: waiting is 2, the claims lack 0.\n"
    )
    assert StockItem.objects.get().on_hand == 5


@pytest.mark.django_db(transaction=True)
def test_all_recounts_see_one_moment_in_a_transaction_that_cannot_write() -> None:
    stock("KETTLE", on_hand=3)
    with CaptureQueriesContext(connection) as captured:
        reconcile()
    assert captured[1]["sql"] == "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
