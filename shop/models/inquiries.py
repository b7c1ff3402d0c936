"""What a customer asks about her order, and what the desk replies.

Both are append-only; a trigger refuses UPDATE and DELETE.
"""

from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef

from shop.models.orders import Order

MOST_CHARACTERS = 2000


class InquiryQuerySet(models.QuerySet["Inquiry"]):
    def unanswered(self) -> Self:
        """Those that came after whatever was replied to last."""
        replied = Reply.objects.filter(inquiry__order=OuterRef("order"), inquiry__gte=OuterRef("pk"))
        return self.filter(~Exists(replied))


class Inquiry(models.Model):
    """A question that came by the form of the order's page; not an answer to a delay, which is a consent."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="inquiries")
    text = models.CharField(max_length=MOST_CHARACTERS)
    at = models.DateTimeField()

    objects = InquiryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "inquiries"

    def __str__(self) -> str:
        return f"Question about {self.order}"


class Reply(models.Model):
    """What the desk said to an inquiry, and by that to those of its order before it. It goes out as a letter."""

    inquiry = models.ForeignKey(Inquiry, on_delete=models.PROTECT, related_name="replies")
    text = models.CharField(max_length=MOST_CHARACTERS)
    actor = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "replies"

    def __str__(self) -> str:
        return f"Reply of {self.actor}"
