from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import DjangoCaptureOnCommitCallbacks

from inventory.models import Delivery, PurchaseOrder, StockItem
from inventory.queries import recount
from tests.cast import inbound, stock

pytestmark = pytest.mark.django_db

type Receive = Callable[..., str]


@pytest.fixture
def receive(tmp_path: Path) -> Receive:
    def run(content: str, **options: bool) -> str:
        file, said = tmp_path / "goods.csv", StringIO()
        file.write_text(content, encoding="utf-8")
        call_command("receive_stock", str(file), **options, stdout=said)
        return said.getvalue()

    return run


def on_hand() -> dict[str, int]:
    return dict(StockItem.objects.values_list("sku", "on_hand"))


def test_deliveries_are_received_and_counted_against_their_order(receive: Receive) -> None:
    line = inbound(stock("KETTLE"), 5)
    stock("MUG", on_hand=1)
    said = receive(
        f"SKU,Quantity,Delivery number,Purchase order\nKETTLE,2,D-1,{line.order.number}\nMUG,3,D-2,\nmug,1,D-2,\n"
    )
    assert said == "Delivery D-1: 2 units of 1 SKUs received.\nDelivery D-2: 4 units of 1 SKUs received.\n"
    assert on_hand() == {"KETTLE": 2, "MUG": 5}
    line.refresh_from_db()
    assert line.received == 2
    assert list(recount()) == []


@pytest.mark.parametrize(
    "content",
    [
        "po;qty;SKU;delivery\n;2;KETTLE;D-1\n",
        "\ufeffDELIVERY_NUMBER,Item,Units\r\nD-1,kettle,2.0\r\n\r\n",
        "Quantity\tArticle\tDelivery note\n2\tKETTLE\tD-1\n",
    ],
)
def test_columns_may_come_in_any_order_and_by_their_usual_names(receive: Receive, content: str) -> None:
    stock("KETTLE")
    receive(content)
    assert on_hand() == {"KETTLE": 2}


def test_the_same_file_twice_changes_nothing_and_says_so(receive: Receive) -> None:
    stock("KETTLE")
    content = "SKU,Quantity,Delivery number\nKETTLE,2,D-1\n"
    receive(content)
    assert "already, nothing changed." in receive(content)
    assert on_hand() == {"KETTLE": 2}
    with pytest.raises(CommandError, match=r"line 2, Delivery number: .*with other goods"):
        receive("SKU,Quantity,Delivery number\nKETTLE,3,D-1\n")


def test_all_bad_rows_are_named_at_once_and_nothing_is_received(receive: Receive) -> None:
    stock("KETTLE")
    draft = inbound(stock("MUG"), 5).order
    PurchaseOrder.objects.update(state=PurchaseOrder.State.DRAFT)
    with pytest.raises(CommandError) as refusal:
        receive(
            "SKU,Quantity,Delivery number,Purchase order\n"
            "KETTLE,2,D-1,\n"
            "TEAPOT,2,D-1,\n"
            "KETTLE,-2,D-1,\n"
            "KETTLE,two,D-1,\n"
            ",1,D-1,\n"
            "KETTLE,,D-1,\n"
            "KETTLE,1,,\n"
            "KETTLE,1,D-1,PO-9\n"
            "KETTLE,1,D-2,PO-9\n"
            f"KETTLE,1,D-3,{draft.number}\n"
        )
    assert str(refusal.value).splitlines() == [
        "Nothing was received from goods.csv:",
        "line 3, SKU: “TEAPOT” is not known. Check the SKU, or enter the goods first.",
        "line 4, Quantity: “-2” units cannot arrive. Write 1 or more.",
        "line 5, Quantity: “two” is not a whole number. Write it like 12.",
        "line 6, SKU: is blank. Write which goods arrived.",
        "line 7, Quantity: is blank. Write how many units arrived.",
        "line 8, Delivery number: is blank. Write the number on the supplier's note.",
        "line 9, Purchase order: “PO-9” differs from “” on line 2. A delivery belongs to one order.",
        "line 10, Purchase order: “PO-9” is no purchase order of ours. Check the number, or leave it empty.",
        f"line 11, Purchase order: “{draft.number}” is still a draft. Send the purchase order first.",
    ]
    assert on_hand() == {"KETTLE": 0, "MUG": 0}
    assert not Delivery.objects.exists()


def test_a_dry_run_says_what_would_happen_and_keeps_nothing(
    receive: Receive, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    stock("KETTLE")
    with django_capture_on_commit_callbacks() as wakes:
        said = receive("SKU,Quantity,Delivery number\nKETTLE,2,D-1\n", dry_run=True)
    assert said == "Delivery D-1: 2 units of 1 SKUs received.\nThis was a dry run: nothing was kept.\n"
    assert on_hand() == {"KETTLE": 0}
    assert wakes == []


def test_those_who_wait_are_served_after_the_commit(
    receive: Receive, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    stock("KETTLE")
    with django_capture_on_commit_callbacks() as wakes:
        receive("SKU,Quantity,Delivery number\nKETTLE,2,D-1\n")
    assert len(wakes) == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            "SKU,Quantity\nKETTLE,2\n",
            "The file has no column “delivery number”. The columns it needs: sku, quantity, delivery number.",
        ),
        ("SKU,Quantity,Delivery\n", "The file has a header and no rows under it."),
    ],
)
def test_what_is_no_list_of_goods_is_refused_with_a_sentence(receive: Receive, content: str, sentence: str) -> None:
    with pytest.raises(CommandError) as refusal:
        receive(content)
    assert str(refusal.value) == sentence
