"""A file comes in: read, shown row by row with whom it reaches, and then written as it was shown, or not at all."""

import zlib
from abc import abstractmethod
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

from django import forms
from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action
from unfold.widgets import UnfoldAdminFileFieldWidget

from shop.formats import count
from shop.importing.planned import Planned, Row
from shop.importing.rows import BadRows
from shop.importing.table import MOST_ROWS, Table, UnreadableFile, parse_upload
from shop.models import User
from shop.staff.effects import ROWS_ON_A_PAGE, Effects, effects
from shop.staff.exports import as_csv, as_workbook
from shop.staff.flow import Flow

_MOST_BYTES = 5_000_000
# What a form may hold beside its files is limited by Django's settings.
_MOST_KEPT = 2_400_000
_TOO_LARGE = "The file is too large: divide it into smaller ones."

type Exported = tuple[Sequence[str], Iterable[Sequence[object]]]


class ImportForm(forms.Form):
    """The file, and after the preview the same file again: nobody chooses it twice, and no server has to keep it."""

    file = forms.FileField(
        required=False,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.txt,.xlsx"}),
        help_text=f"CSV or XLSX, at most 5 MB and {MOST_ROWS:,} rows.",
    )
    kept = forms.CharField(required=False, widget=forms.HiddenInput)

    table: Table
    name: str

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        upload, kept = cleaned.pop("file", None), cleaned.get("kept", "")
        try:
            if upload:
                kept = cleaned["kept"] = _packed(upload.name, _read(upload))
            if not kept:
                raise UnreadableFile("Choose a file.")
            self.name, content = _unpacked(kept)
            self.table = parse_upload(content)
        except UnreadableFile as error:
            self.add_error("file", str(error))
        self.data = {**{name: self.data[name] for name in self.data}, "kept": kept}
        return cleaned


def _read(upload: Any) -> bytes:
    if upload.size > _MOST_BYTES:
        raise UnreadableFile(_TOO_LARGE)
    content: bytes = upload.read()
    return content


def _packed(name: str, content: bytes) -> str:
    packed = urlsafe_b64encode(zlib.compress(name.encode() + b"\n" + content)).decode()
    if len(packed) > _MOST_KEPT:
        raise UnreadableFile(_TOO_LARGE)
    return packed


def _unpacked(kept: str) -> tuple[str, bytes]:
    """A browser sends what it likes: it is read no further than a file may be long."""
    try:
        unpacked = zlib.decompressobj().decompress(urlsafe_b64decode(kept), _MOST_BYTES + 1000)
        name, _, content = unpacked.partition(b"\n")
        return name.decode(), content
    except (NotBase64, ValueError, zlib.error) as error:
        raise UnreadableFile("Choose the file once more.") from error


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file does to its rows, and to those who wait. `touched` stands for the latter in the seal: the rest names
    rows of the database that are made anew by each look."""

    rows: tuple[Row, ...]
    sentences: tuple[str, ...]
    touched: tuple[object, ...]
    effects: Effects | None = field(repr=False)

    @classmethod
    def of(cls, planned: Planned) -> "Preview":
        found = effects(planned.foreseen) if planned.foreseen else None
        gets = tuple((row.line.pk, row.units, row.lacked) for row in found.gets) if found else ()
        hears = tuple((row.line.pk, row.old, row.new, row.asks, row.silent) for row in found.hears) if found else ()
        return cls(planned.rows, planned.sentences, (gets, hears), found)

    @property
    def acts(self) -> list[Row]:
        return [row for row in self.rows if not row.stays]

    @property
    def shown(self) -> list[Row]:
        return self.acts[:ROWS_ON_A_PAGE]

    @property
    def more(self) -> int:
        return len(self.acts) - len(self.shown)

    @property
    def in_short(self) -> str:
        """Such as "8 rows: 2 new, 1 changed, 5 as before"."""
        acts, new = len(self.acts), sum(row.is_new for row in self.rows)
        return f"{count(len(self.rows), 'row')}: {new} new, {acts - new} changed, {len(self.rows) - acts} as before"


class Import[F: ImportForm](Flow[F, Preview]):
    """One sort of rows. `columns` are what its file has, each with what stands in it; `rights` are all needed."""

    act_label = "Import it"
    form_template = "staff/import.html"
    preview_template = "staff/import_preview.html"
    name: ClassVar[str]
    about: ClassVar[str] = ""
    columns: ClassVar[Sequence[tuple[str, str]]]
    rights: ClassVar[Sequence[str]]
    export: ClassVar[Callable[[], Exported]]
    form_class: Any = ImportForm

    @abstractmethod
    def carry_out(self, form: F, *, seen: Sequence[Row] | None = None, dry_run: bool = False) -> Planned:
        """Write the file; with `dry_run` only say what would become of it."""

    def form(self, data: Any = None) -> F:
        form: F = self.form_class(data, self.request.FILES if data is not None else None)
        return form

    def preview(self, form: F) -> Preview:
        return Preview.of(self.carry_out(form, dry_run=True))

    def act(self, form: F, preview: Preview) -> str:
        done = self.carry_out(form, seen=preview.rows)
        what = f"Imported from “{form.name}”."
        LogEntry.objects.log_actions(cast(User, self.request.user).pk, done.written, CHANGE, what)
        messages.success(self.request, f"“{form.name}” was imported: {preview.in_short}.")
        if preview.effects and preview.effects.letters:
            messages.info(self.request, f"{count(preview.effects.letters, 'letter goes', 'letters go')} to customers.")
        return self.back()

    def _confirm(self, form: F) -> HttpResponse:
        try:
            return super()._confirm(form)
        except BadRows as bad:
            shown = bad.problems[:ROWS_ON_A_PAGE]
            left = len(bad.problems) - len(shown)
            return self._page(self.form_template, form, preview=None, problems=shown, more_problems=left)

    def shown(self, form: F, preview: Preview | None) -> dict[str, Any]:
        exports = [act for act in self.admin.get_actions_list(self.request) if "export" in act.action_name]
        return {
            "about": self.about,
            "columns": self.columns,
            "exports": exports,
            "effects": preview.effects if preview else None,
            "edit_label": "Choose another file",
        }


class WithFiles:
    """Beside a list: its rows leave as a file and come back as one."""

    importer: type[Import]
    actions_list = ["import_file", "export_csv", "export_xlsx"]

    def has_import_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perms(self.importer.rights)

    @action(description="Import", icon="upload", url_path="import", permissions=["import"])
    def import_file(self, request: HttpRequest) -> HttpResponse:
        return self.importer(request, self).run()

    @action(description="Export CSV", icon="download", url_path="export/csv", permissions=["view"])
    def export_csv(self, request: HttpRequest) -> HttpResponse:
        return as_csv(self.importer.name, *self.importer.export())

    @action(description="Export XLSX", icon="download", url_path="export/xlsx", permissions=["view"])
    def export_xlsx(self, request: HttpRequest) -> HttpResponse:
        return as_workbook(self.importer.name, *self.importer.export())
