from collections.abc import Callable

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.csp import CSP, build_policy
from django.utils.html import format_html, format_html_join
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from notifications import outbox, rendering
from notifications.models import Letter

# A letter brings its styles with it, and nothing in it runs, loads or submits, whatever a customer's name may hold.
_LETTER_POLICY = {
    "default-src": [CSP.NONE],
    "style-src": [CSP.UNSAFE_INLINE],
    "frame-ancestors": [CSP.SELF],
    "form-action": [CSP.NONE],
    "sandbox": "",
}


@admin.register(Letter)
class LetterAdmin(ModelAdmin):
    """The outbox to look at. The one thing to do here is to send again what was given up."""

    list_display = ["shown_state", "template", "recipient", "attempts", "due_at", "sent_at", "server_answer"]
    list_display_links = ["template"]
    list_filter = ["state"]
    search_fields = ["thread__exact", "recipient__exact"]
    search_help_text = "The number of an order, or an e-mail address."
    ordering = ["-id"]
    list_per_page = 25
    show_full_result_count = False
    actions = ["send_again"]
    fieldsets = [
        (None, {"fields": ["shown_state", "recipient", "server_answer", "attempts"]}),
        ("When", {"fields": ["written_at", "due_at", "claimed_at", "sent_at"]}),
        ("The letter", {"fields": ["words", "attached", "page"]}),
    ]
    readonly_fields = ["shown_state", "words", "attached", "page"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Letter | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Letter | None = None) -> bool:
        return False

    def has_send_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("notifications.change_letter")

    @action(description="Send again (given up only)", permissions=["send"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Letter]) -> None:
        again = outbox.requeue(queryset, timezone.now())
        left = queryset.count() - again
        self.message_user(request, f"{again} will be sent again within a minute.", messages.SUCCESS)
        if left:
            self.message_user(request, f"{left} were not given up and stay as they are.", messages.INFO)

    @display(
        description="State",
        ordering="state",
        label={"Waiting to be sent": "info", "Being sent": "warning", "Sent": "success", "Given up": "danger"},
    )
    def shown_state(self, letter: Letter) -> str:
        return letter.get_state_display()

    @display(description="Plain text")
    def words(self, letter: Letter) -> str:
        return _shown(letter, lambda parts: format_html("<pre>Subject: {}\n\n{}</pre>", parts.subject, parts.text))

    @display(description="Attached", empty_value="Nothing")
    def attached(self, letter: Letter) -> str:
        def files(parts: rendering.Parts) -> str:
            shown = ((file.name, file.text) for file in parts.attached)
            return format_html_join("", "<p>{}</p><pre>{}</pre>", shown)

        return _shown(letter, files)

    @display(description="HTML")
    def page(self, letter: Letter) -> str:
        address = reverse("admin:notifications_letter_page", args=[letter.pk])
        frame = '<iframe src="{}" title="The letter as HTML" width="100%" height="900" sandbox></iframe>'
        return format_html(frame, address)

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.page_view)
        return [path("<int:pk>/page/", page, name="notifications_letter_page"), *super().get_urls()]

    def page_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return _page(get_object_or_404(Letter, pk=pk))


def _page(letter: Letter) -> HttpResponse:
    headers = {"X-Frame-Options": "SAMEORIGIN", str(CSP.HEADER_ENFORCE): build_policy(_LETTER_POLICY)}
    return HttpResponse(_shown(letter, lambda parts: parts.html), headers=headers)


def _shown(letter: Letter, part: Callable[[rendering.Parts], str]) -> str:
    """A part of the letter, or why there is none: a letter that cannot be rendered is what staff come to look at."""
    try:
        return part(rendering.preview(letter))
    except rendering.UnableToRender as error:
        return format_html("This letter cannot be shown: {}", str(error))
