from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from shop.models.catalog import Product


class ProductWords(models.Model):
    """The words by which a product is found: of its title, description, category, tags, and its variants' options and
    SKUs.

    Only triggers write it (migration 0015). Products are written by an import, by the admin, by the demo, and in bulk,
    and what a product is called stands in four tables: whoever had to remember this one would forget it one day.
    """

    product = models.OneToOneField(Product, on_delete=models.CASCADE, primary_key=True, related_name="words")
    # Stems in English, titles and SKUs before the rest.
    document = SearchVectorField(editable=False)
    # As they are written, without the description's: to compare their letters with what was mistyped.
    spelled = models.TextField(editable=False)

    class Meta:
        indexes = [
            # Many read and few write: a list of what is still to be sorted in would only make searches slower.
            GinIndex(fields=["document"], name="product_words_by_stem", fastupdate=False),
            GinIndex(OpClass("spelled", name="gin_trgm_ops"), name="product_words_by_letters", fastupdate=False),
        ]

    def __str__(self) -> str:
        return self.spelled
