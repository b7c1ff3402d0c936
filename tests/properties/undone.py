"""A machine whose examples leave nothing behind, though the shop's own use cases open durable transactions inside."""

from django.db import transaction
from hypothesis.stateful import RuleBasedStateMachine


class Undone(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        # The mark that Django's own test case sets, and its only way to allow a durable block inside another one.
        self.atomic._from_testcase = True  # type: ignore[attr-defined]
        self.atomic.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)
