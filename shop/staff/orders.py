"""Orders: what was bought, where each line stands, and what can be done about it. The rows themselves are read-only."""

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, Lower
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from inventory.admin import ReadOnly
from shop import inquiries
from shop.formats import money
from shop.models import Order, OrderLine, Refund
from shop.sending import is_together
from shop.staff.addresses import ChangeAddress
from shop.staff.announcements import Announce, DropReturn
from shop.staff.answering import RecordAnswer
from shop.staff.departures import ShipMany
from shop.staff.flow import find
from shop.staff.inquiries import ReplyToInquiry
from shop.staff.large import AnnotatedPage, CountedUpTo, counted_by
from shop.staff.letters import SendAgain, letters_of
from shop.staff.lines import lines_of
from shop.staff.notes import WriteNote
from shop.staff.notices import OnTheDesk, delays_of
from shop.staff.packing import chosen, ids_of, is_full, picks_of, slips_of
from shop.staff.parcels import Cancel, ShipReady
from shop.staff.payments import PaymentView, ReceivePayment
from shop.staff.progress import STATES, in_state, waiting_orders, with_progress
from shop.staff.proposals import Propose
from shop.staff.refunds import refunds_of
from shop.staff.releasing import ReleaseReady, sending
from shop.staff.returns import TakeBack
from shop.staff.timeline import timeline_of
from shop.staff.tracking import CorrectTracking


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(STATES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        return in_state(queryset, self.value() or "", timezone.now())


@admin.register(Order)
class OrderAdmin(ReadOnly, ModelAdmin):
    # The customer's own page opens by the link of her mails.
    view_on_site = False
    list_display = ["number", "state", "progress", "promised", "sent", "customer", "placed_at", "total_due"]
    list_filter = [StateFilter, ("placed_at", admin.DateFieldListFilter), "country"]
    # What is typed is looked up by get_search_results.
    search_fields = ["number"]
    search_help_text = "An order's number, a SKU, or the beginning of a name or an e-mail address."
    ordering = ["-placed_at", "-id"]
    list_per_page = 25
    show_full_result_count = False
    fieldsets = [
        ("Order", {"fields": [("number", "state"), ("placed_at", "total_due")]}),
        ("Customer", {"fields": [("name", "email"), ("phone", "user"), "address"]}),
        ("Agreed", {"fields": [("shipping_name", "sent"), "payment_state", "consent_text", "consented_at"]}),
    ]
    actions_detail = [
        "ship",
        "note",
        {
            "title": "More",
            "icon": "more_horiz",
            "items": [
                *("reply", "receive_payment", "answer", "release", "change_address"),
                *("announce", "drop_return", "take_back", "cancel"),
            ],
        },
    ]
    actions_row = ["ship"]
    actions_list = ["ship_many", "packing_slips", "picking_list"]
    actions = ["ship_chosen", "print_slips", "print_list"]
    change_form_outer_before_template = "staff/order.html"

    def annotated(self, orders: QuerySet[Order]) -> QuerySet[Order]:
        going_back = Refund.objects.filter(order=OuterRef("pk")).order_by().values("order").annotate(sum=Sum("amount"))
        return with_progress(orders.select_related("payment"), timezone.localdate()).annotate(
            going_back=Coalesce(Subquery(going_back.values("sum")), Decimal(0))
        )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[AnnotatedPage]:
        return AnnotatedPage

    def get_paginator(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if dict(request.GET.items()).keys() <= {"state", "p"} and request.GET.get("state") == "waiting":
            return counted_by(waiting_orders)(*args, **kwargs)
        if request.GET.get("state") == "shipped" or request.GET.get("q"):
            return CountedUpTo(*args, **kwargs)
        return super().get_paginator(request, *args, **kwargs)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        """By an index each: among a million orders, looking for a word anywhere takes seconds."""
        words = search_term.strip()
        if not words:
            return queryset, False
        named = queryset.annotate(low_name=Lower("name"), low_email=Lower("email"))
        low = words.lower()
        named = named.filter(Q(number=words.upper()) | Q(low_name__startswith=low) | Q(low_email__startswith=low))
        of_item = OrderLine.objects.filter(claim__item__sku__in={words, words.upper(), low})
        if not of_item.exists():
            return named, False
        # Put together, each is still looked up by its own index.
        return queryset.filter(pk__in=of_item.values("order").union(named.values("pk"))), False

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Order | None:
        try:
            pk = Order._meta.pk.to_python(object_id)
        except ValidationError:
            return None
        return self.annotated(self.get_queryset(request)).select_related("user", "goodwill").filter(pk=pk).first()

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Order | None = None,
    ) -> HttpResponse:
        assert obj
        dossier = OnTheDesk(obj)
        context |= {
            "conversation": dossier.conversation,
            "unanswered": inquiries.is_unanswered(dossier.conversation),
            "lines": lines_of(dossier),
            "shipped": dossier.shipped,
            "paying": PaymentView.of(obj),
            "refunds": refunds_of(dossier),
            "delays": delays_of(dossier),
            "goodwill": dossier.goodwill,
            "sending": sending(request, dossier),
            "letters": letters_of(dossier),
            "notes": dossier.notes[::-1],
            "timeline": timeline_of(dossier),
        }
        return super().render_change_form(request, context, add, change, form_url, obj)

    # The right to do is the right to add the row that the act leaves.

    def has_ship_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("shop.add_shipment")

    def has_cancel_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("backorders.add_withdrawal")

    def has_take_back_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("shop.add_return")

    def has_announce_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("shop.add_announcement")

    def has_release_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("shop.change_order")

    def has_answer_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("backorders.add_consent")

    def has_receive_payment_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("shop.change_payment")

    @action(description="Ship what is ready", icon="local_shipping", url_path="ship", permissions=["ship"])
    def ship(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return ShipReady(request, self, find(self, request, object_id)).run()

    # For many orders: those that the address names, or all that are ready.

    @action(description="Ship many", icon="local_shipping", url_path="ship-many", permissions=["ship"])
    def ship_many(self, request: HttpRequest) -> HttpResponse:
        orders = chosen(request)
        if "ids" not in request.GET:
            # From here on it is about these, whatever gets ready or leaves meanwhile.
            return redirect(f"{reverse('admin:shop_order_ship_many')}?{ids_of(orders)}")
        flow = ShipMany(request, self)
        flow.orders = orders
        return flow.run()

    @action(description="Packing slips", icon="print", url_path="packing-slips", permissions=["ship"])
    def packing_slips(self, request: HttpRequest) -> HttpResponse:
        return self._print(request, "staff/packing_slips.html")

    @action(description="Picking list", icon="checklist", url_path="picking-list", permissions=["ship"])
    def picking_list(self, request: HttpRequest) -> HttpResponse:
        return self._print(request, "staff/picking_list.html")

    def _print(self, request: HttpRequest, template: str) -> HttpResponse:
        orders = chosen(request)
        slips = [slip for slip in slips_of(orders) if slip.goods]
        context = {"slips": slips, "picks": picks_of(slips), "is_full": is_full(orders), "now": timezone.now()}
        return render(request, template, context)

    @action(description="Ship them", permissions=["ship"])
    def ship_chosen(self, request: HttpRequest, queryset: QuerySet[Order]) -> HttpResponse:
        return redirect(f"{reverse('admin:shop_order_ship_many')}?{ids_of(queryset)}")

    @action(description="Print packing slips", permissions=["ship"])
    def print_slips(self, request: HttpRequest, queryset: QuerySet[Order]) -> HttpResponse:
        return redirect(f"{reverse('admin:shop_order_packing_slips')}?{ids_of(queryset)}")

    @action(description="Print a picking list", permissions=["ship"])
    def print_list(self, request: HttpRequest, queryset: QuerySet[Order]) -> HttpResponse:
        return redirect(f"{reverse('admin:shop_order_picking_list')}?{ids_of(queryset)}")

    @action(description="Release the ready part", icon="call_split", url_path="release", permissions=["release"])
    def release(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return ReleaseReady(request, self, find(self, request, object_id)).run()

    @action(
        description="Payment received", icon="payments", url_path="receive-payment", permissions=["receive_payment"]
    )
    def receive_payment(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return ReceivePayment(request, self, find(self, request, object_id)).run()

    @action(description="Record an answer", icon="call", url_path="answer", permissions=["answer"])
    def answer(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return RecordAnswer(request, self, find(self, request, object_id)).run()

    def has_note_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("shop.add_ordernote")

    def has_address_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("shop.add_addresschange")

    def has_reply_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("shop.add_reply")

    @action(description="Reply to the customer", icon="reply", url_path="reply", permissions=["reply"])
    def reply(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return ReplyToInquiry(request, self, find(self, request, object_id)).run()

    @action(description="Change the address", icon="edit_location", url_path="address", permissions=["address"])
    def change_address(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return ChangeAddress(request, self, find(self, request, object_id)).run()

    @action(description="Write a note", icon="sticky_note_2", url_path="note", permissions=["note"])
    def note(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return WriteNote(request, self, find(self, request, object_id)).run()

    @action(description="A return is announced", icon="undo", url_path="announce-return", permissions=["announce"])
    def announce(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return Announce(request, self, find(self, request, object_id)).run()

    @action(description="It does not come back", icon="undo", url_path="drop-return", permissions=["announce"])
    def drop_return(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return DropReturn(request, self, find(self, request, object_id)).run()

    @action(description="Goods came back", icon="assignment_return", url_path="came-back", permissions=["take_back"])
    def take_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return TakeBack(request, self, find(self, request, object_id)).run()

    @action(description="Cancel", icon="cancel", url_path="cancel", permissions=["cancel"])
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return Cancel(request, self, find(self, request, object_id)).run()

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("lines/<int:pk>/propose/", wrap(self.propose), name="shop_order_propose"),
            path("letters/<int:pk>/again/", wrap(self.send_again), name="shop_order_send_again"),
            path("parcels/<int:pk>/tracking/", wrap(self.track), name="shop_order_track"),
            *super().get_urls(),
        ]

    def propose(self, request: HttpRequest, pk: int) -> HttpResponse:
        return Propose.for_line(request, self, pk).run()

    def send_again(self, request: HttpRequest, pk: int) -> HttpResponse:
        return SendAgain.for_letter(request, self, pk).run()

    def track(self, request: HttpRequest, pk: int) -> HttpResponse:
        return CorrectTracking.for_shipment(request, self, pk).run()

    @display(
        description="State",
        label={
            "Ready to ship": "success",
            "Late: ready to ship": "danger",
            "Waiting": "warning",
            "Awaits payment": "warning",
            "Late: waiting": "danger",
            "Shipped": "info",
            "Came back": "info",
        },
    )
    def state(self, order: Order) -> str:
        """What can be done now goes before what has to be waited for."""
        wanted, allocated, shipped = _units(order)
        if shipped == wanted:
            if not wanted:
                return STATES["cancelled"]
            return "Came back" if wanted == _came_back(order) else STATES["shipped"]
        if getattr(order, "is_unpaid", False):
            return STATES["unpaid"]
        is_ready = shipped < allocated and not getattr(order, "is_held", False)
        words = STATES["ready" if is_ready else "waiting"]
        return f"Late: {words.lower()}" if getattr(order, "is_late", False) else words

    @display(description="Units")
    def progress(self, order: Order) -> str:
        wanted, allocated, shipped = _units(order)
        ready = "set aside" if getattr(order, "is_held", False) else "ready"
        parts = {ready: allocated - shipped, "waiting": wanted - allocated, "shipped": shipped - _came_back(order)}
        parts |= {"came back": _came_back(order), "to come back": getattr(order, "coming_back", 0)}
        return ", ".join(f"{units} {word}" for word, units in parts.items() if units) or "none left"

    @display(description="Ships by", ordering=F("promised_on").asc(nulls_last=True))
    def promised(self, order: Order) -> Any:
        wanted, _, shipped = _units(order)
        if shipped == wanted:
            return None
        return getattr(order, "promised_on", None) or "no day known"

    @display(description="Customer", ordering="name")
    def customer(self, order: Order) -> str:
        return order.name

    @display(description="Sent", ordering="sends")
    def sent(self, order: Order) -> str:
        return "together" if is_together(order) else "as it gets ready"

    @display(description="Total")
    def total_due(self, order: Order) -> str:
        """What it comes to: of what was paid, that which does not go back."""
        return money(order.payment.amount - getattr(order, "going_back", 0), order.currency)

    @display(description="Address")
    def address(self, order: Order) -> str:
        return ", ".join(order.address_lines[1:])

    @display(description="Payment")
    def payment_state(self, order: Order) -> str:
        paying = PaymentView.of(order)
        return f"{paying.amount} by {paying.way}: {paying.payment.get_state_display().lower()}"


def _came_back(order: Order) -> int:
    return getattr(order, "came_back", 0)


def _units(order: Order) -> tuple[int, int, int]:
    return getattr(order, "wanted", 0), getattr(order, "allocated", 0), getattr(order, "shipped", 0)
