"""Letters: the outbox. Knows no order."""

from django.db import models
from django.db.models import Q


class Letter(models.Model):
    """One message to one recipient.

    Written in the same transaction as the fact it tells, under a `key` made of the fact, so that no fact is told twice
    and none is forgotten. `context` is plain JSON for the template; links that need a signature are signed when the
    letter is rendered, so that a copy of this table opens no order.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Waiting to be sent"
        IN_FLIGHT = "in_flight", "Being sent"
        SENT = "sent", "Sent"
        DEAD = "dead", "Given up"

    # Unique below, and not here: Django would add an index for searches by how a key begins, which nobody makes.
    key = models.CharField(max_length=150)
    template = models.CharField(max_length=50)
    recipient = models.EmailField()
    context = models.JSONField(default=dict)
    thread = models.CharField(
        max_length=100, blank=True, help_text="Letters of one thread refer to each other in mail programs."
    )
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    written_at = models.DateTimeField()
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    subject = models.CharField(max_length=255, blank=True, help_text="As it was sent.")
    message_id = models.CharField(max_length=255, blank=True, help_text="As it was sent.")
    body_hash = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the plain part, as it was sent.")
    server_answer = models.CharField(max_length=500, blank=True, help_text="The mail server's latest words.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key"], name="letter_once_per_key")]
        indexes = [
            models.Index(fields=["thread", "written_at"], name="letter_by_thread"),
            models.Index(fields=["due_at", "id"], name="letter_pending", condition=Q(state="pending")),
            models.Index(fields=["claimed_at"], name="letter_in_flight", condition=Q(state="in_flight")),
            models.Index(fields=["written_at"], name="letter_dead", condition=Q(state="dead")),
        ]

    def __str__(self) -> str:
        return f"{self.template} to {self.recipient}"
