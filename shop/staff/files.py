"""What leaves and comes in as a file: products, suppliers, purchase orders, counts of the shelves."""

from collections.abc import Sequence

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget

from shop.importing import counts, purchase_orders, shopify_export, suppliers
from shop.importing.ordering import import_orders
from shop.importing.planned import Planned, Row
from shop.importing.products import import_products
from shop.staff.imports import Import, ImportForm


class ImportProducts(Import[ImportForm]):
    title = "Import products"
    name = "products"
    export = staticmethod(shopify_export.table)
    rights = (
        "shop.add_product",
        "shop.change_product",
        "shop.add_variant",
        "shop.change_variant",
        "shop.add_productimage",
        "shop.change_productimage",
        "shop.add_category",
        "inventory.add_stockitem",
        "inventory.change_stockitem",
        "backorders.add_queue",
    )
    columns = (
        ("Handle", "The product's address. Rows of one handle are one product; one that is new is a new product."),
        ("Title, Body (HTML), Vendor, Tags, Published", "What the product's first row says of it."),
        ("Product Category", "Its shelf, such as “Home > Lamps”. Shelves that are missing are put up."),
        ("Option1 Name, Option1 Value …", "What there is to choose, in the order in which it is asked."),
        ("Variant SKU, Variant Price, Variant Compare At Price, Variant Grams, Variant Barcode", "One row for each."),
        ("Variant Inventory Qty", "Units on the shelf of a SKU that is new. What is here keeps its stock: count it."),
        ("Image Src, Image Alt Text, Variant Image", "Addresses of pictures, which are fetched afterwards."),
    )
    about = "Shopify's product CSV, or WooCommerce's with English headers, as their shops export it."

    def carry_out(self, form: ImportForm, *, seen: Sequence[Row] | None = None, dry_run: bool = False) -> Planned:
        return import_products(
            form.table,
            form.name,
            opens_stock=self.request.user.has_perm("inventory.add_stockmovement"),
            actor=self.actor,
            at=self.at,
            seen=seen,
            dry_run=dry_run,
        )


class ImportSuppliers(Import[ImportForm]):
    title = "Import suppliers"
    name = "suppliers"
    export = staticmethod(suppliers.export)
    rights = ("inventory.add_supplier", "inventory.change_supplier")
    columns = (
        ("Supplier", "The name by which it is known. One that is new is a new supplier."),
        ("E-mail", "Where orders go by mail. An empty cell takes it away."),
        ("Handling days", "Of a new supplier only: others are changed on their page, which says whom that reaches."),
    )

    def carry_out(self, form: ImportForm, *, seen: Sequence[Row] | None = None, dry_run: bool = False) -> Planned:
        return suppliers.import_suppliers(form.table, seen=seen, dry_run=dry_run)


class ImportOrders(Import[ImportForm]):
    title = "Import purchase orders"
    name = "purchase-orders"
    export = staticmethod(purchase_orders.export)
    rights = (
        "inventory.add_purchaseorder",
        "inventory.change_purchaseorder",
        "inventory.add_purchaseorderline",
        "inventory.change_purchaseorderline",
    )
    columns = (
        ("Purchase order", "Its number, in each of its rows. New orders are added and drafts changed, nothing else."),
        ("Supplier", "By name, as it stands among the suppliers."),
        ("State", "Draft, or Sent if the supplier has it already: then it counts as supply. No mail goes out."),
        ("Ordered on", "A day such as 2026-12-09. An order that was sent, and says none, was ordered today."),
        ("SKU, Quantity", "What is ordered, and how many units."),
        ("Expected on", "The day on which it arrives here; empty while none is known."),
        ("Confirmed", "Yes once the supplier has confirmed the day; until then shoppers read “estimated”."),
    )

    def carry_out(self, form: ImportForm, *, seen: Sequence[Row] | None = None, dry_run: bool = False) -> Planned:
        return import_orders(form.table, actor=self.actor, at=self.at, seen=seen, dry_run=dry_run)


class CountForm(ImportForm):
    reason = forms.CharField(
        max_length=255,
        initial="stock count",
        widget=UnfoldAdminTextInputWidget,
        help_text="A customer whose units give way reads it. Rows may have a reason of their own.",
    )


class ImportCounts(Import[CountForm]):
    title = "Import a stock count"
    name = "stock-count"
    export = staticmethod(counts.export)
    rights = ("inventory.add_stockmovement",)
    form_class = CountForm
    columns = (
        ("SKU", "Of goods that are kept in stock."),
        ("Counted", "All units in the house, set aside or not. Empty means that nobody counted them."),
        ("In the books", "What the books said when the sheet was printed: if they moved since, the row is refused."),
        ("Reason", "If it is another one than for the rest of the count."),
    )

    def carry_out(self, form: CountForm, *, seen: Sequence[Row] | None = None, dry_run: bool = False) -> Planned:
        why = form.cleaned_data["reason"]
        return counts.import_counts(form.table, reason=why, actor=self.actor, at=self.at, seen=seen, dry_run=dry_run)
