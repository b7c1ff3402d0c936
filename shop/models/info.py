from django.db import models
from simple_history.models import HistoricalRecords

from shop.paths import path_to


class InfoPage(models.Model):
    """A page in the house's own words: who it is, its terms, how goods come back, what it keeps of its customers.

    Every page of the shop leads to it. What is part of every order is named beside the button that orders, too.
    """

    title = models.CharField(max_length=60)
    slug = models.SlugField(max_length=80, unique=True)
    text = models.TextField(help_text="Plain text, or HTML from an allow-list; anything else is removed.")
    part_of_orders = models.BooleanField(
        "part of every order",
        default=False,
        help_text="Named beside the button that orders as well, such as terms and the right to withdraw.",
    )
    published = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)

    history = HistoricalRecords()

    class Meta:
        verbose_name = "page"

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return path_to("info_page", self.slug)
