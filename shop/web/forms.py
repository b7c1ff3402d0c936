"""What shoppers type, checked before anything is asked of the shop."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.forms.renderers import BaseRenderer
from django.utils.safestring import SafeString, mark_safe
from django_countries import countries
from django_countries.fields import CountryField
from markupsafe import escape

from shop import answers, checkout, payments, postcodes, review
from shop.formats import long_day
from shop.models import Order, OrderLine, Payment
from shop.models.carts import MOST_UNITS_OF_A_LINE
from shop.models.inquiries import MOST_CHARACTERS

_MOST_OF_AN_ADDRESS = 254
NO_ADDRESS = "Enter an e-mail address such as ada@example.com."
# A line break in a name would become a header of a mail; no keyboard types the others.
one_line = RegexValidator(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]", "Write this on one line, in plain characters.", inverse_match=True
)


def quantity_of(text: str, *, least: int = 1) -> int:
    """A whole number of units. Only the digits 0 to 9 count: "1.5", "1e3" and other scripts are not guessed at.

    Raises ValidationError with a sentence that says what to enter.
    """
    if re.fullmatch(r"\s*[0-9]{1,9}\s*", text, re.ASCII) and least <= int(text) <= MOST_UNITS_OF_A_LINE:
        return int(text)
    raise ValidationError(f"Enter a whole number from {least} to {MOST_UNITS_OF_A_LINE}, such as 2.")


def id_of(text: str) -> int | None:
    """A row's id out of an address or a form; None for anything that cannot be one."""
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text, re.ASCII) else None


def amount_of(text: str) -> Decimal:
    """A price out of a form of ours; 0 for anything that cannot be one."""
    return Decimal(text) if re.fullmatch(r"[0-9]{1,8}(\.[0-9]{1,2})?", text, re.ASCII) else Decimal(0)


def _written(attributes: Mapping[str, object]) -> str:
    """The attributes of an element: True is one without a value, False and None are none. Django's `flatatt` writes the
    same, and takes a quarter of the time of a page with a form."""
    given = {name: value for name, value in attributes.items() if value is not None and value is not False}
    return "".join(f" {name}" if value is True else f' {name}="{escape(value)}"' for name, value in given.items())


class Input(forms.TextInput):
    """An input that is drawn without Django's templates: with them, ten of these take longer than the whole page."""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: BaseRenderer | None = None
    ) -> SafeString:
        own = {"type": self.input_type, "name": name, "value": self.format_value(value)}
        return mark_safe(f"<input{_written(own | self.build_attrs(self.attrs, attrs))}>")


class Lines(forms.Textarea):
    """A box for several lines, drawn without a template."""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: BaseRenderer | None = None
    ) -> SafeString:
        # The browser drops the first line break, so that one which somebody typed is not lost.
        own = _written({"name": name} | self.build_attrs(self.attrs, attrs))
        return mark_safe(f"<textarea{own}>\n{escape(self.format_value(value) or '')}</textarea>")


class Select(forms.Select):
    """A list to choose one of, drawn without a template for every option."""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: BaseRenderer | None = None
    ) -> SafeString:
        chosen = self.format_value(value)
        options = "".join(
            f"<option{_written({'value': key, 'selected': str(key) in chosen})}>{escape(label)}</option>"
            for key, label in self.choices
        )
        own = _written({"name": name} | self.build_attrs(self.attrs, attrs))
        return mark_safe(f"<select{own}>{options}</select>")


class TextField(forms.CharField):
    """Several lines of text. A line break is one character, whatever the browser sends for it."""

    widget = Lines(attrs={"rows": 5})

    def to_python(self, value: Any) -> str:
        return "\n".join(str(super().to_python(value) or "").splitlines())


class MailField(forms.EmailField):
    """An e-mail address, with our sentences about one that cannot be."""

    widget = Input(attrs={"autocomplete": "email", "type": "email"})
    default_error_messages = {
        "required": "E-mail address: please fill this in.",
        "invalid": NO_ADDRESS,
        "max_length": NO_ADDRESS,
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(label="E-mail address", max_length=_MOST_OF_AN_ADDRESS, **options)


class QuantityField(forms.CharField):
    """A quantity as text, so that the sentence about a bad one is ours on every path."""

    widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "class": "quantity"})

    def __init__(self, *, least: int = 1, most: int | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.least, self.most = least, most

    def clean(self, value: Any) -> int:
        units = quantity_of(str(value or ""), least=self.least)
        if self.most is not None and units > self.most:
            raise ValidationError(f"Enter a whole number from {self.least} to {self.most}.")
        return units


class PlainForm(forms.Form):
    """Its labels have no colon behind them."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.label_suffix = ""


# "in the Netherlands", but "in Germany".
_WITH_ARTICLE = {"GB", "NL", "US"}


class WithPostcode(forms.Form):
    """Refuses a `postcode` that its `country` has not."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        postcode, country = cleaned.get("postcode"), str(cleaned.get("country") or "")
        if postcode and not postcodes.is_usual(postcode, country):
            the = "the " if country in _WITH_ARTICLE else ""
            where = f"{the}{countries.name(country)}, where one looks like {postcodes.example(country)}"
            self.add_error("postcode", f"There is no such postcode in {where}: please check it.")
        return cleaned


class AddressForm(WithPostcode, PlainForm):
    """Where an order goes: all of Address.FIELDS."""

    name = forms.CharField(max_length=150, widget=Input(attrs={"autocomplete": "name"}))
    line1 = forms.CharField(
        label="Street and number", max_length=200, widget=Input(attrs={"autocomplete": "address-line1"})
    )
    line2 = forms.CharField(
        label="Flat, floor, company (optional)",
        max_length=200,
        required=False,
        widget=Input(attrs={"autocomplete": "address-line2"}),
    )
    postcode = forms.CharField(max_length=20, widget=Input(attrs={"autocomplete": "postal-code"}))
    city = forms.CharField(label="Town or city", max_length=100, widget=Input(attrs={"autocomplete": "address-level2"}))
    country: Any = CountryField(blank_label="Choose a country").formfield(
        widget=Select(attrs={"autocomplete": "country"})
    )
    # To name and sort the countries takes as long as the rest of the form.
    country.choices = list(country.choices)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, field in self.fields.items():
            if isinstance(field, forms.CharField):
                field.validators.append(one_line)
            if field.required and not isinstance(field.widget, forms.RadioSelect):
                label = field.label or name
                asks = "choose one" if isinstance(field.widget, forms.Select) else "fill this in"
                field.error_messages["required"] = f"{str(label).capitalize()}: please {asks}."


class DetailsForm(AddressForm):
    """Contact, address, shipping method and, where there is a choice, how to pay: all that is asked, asked once."""

    email = MailField(help_text="The confirmation goes here, and word of every change.")
    phone = forms.CharField(
        label="Telephone (optional)",
        max_length=30,
        required=False,
        help_text="For the carrier only.",
        widget=Input(attrs={"autocomplete": "tel", "type": "tel"}),
    )
    shipping_method = forms.TypedChoiceField(
        coerce=int,
        label="Shipping",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose how your order is to be shipped.",
            "invalid_choice": "Choose one of these ways of shipping.",
        },
    )
    payment = forms.ChoiceField(
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose how you want to pay.",
            "invalid_choice": "Choose one of these ways to pay.",
        },
    )
    # As they stand on the page, so that faults are listed in this order too.
    field_order = ["email", "name", "phone"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.gateways = payments.offered()
        self.methods = checkout.shipping_methods()
        self._offer_country()
        self._offer_shipping()
        self._offer_payment()

    def _offer_country(self) -> None:
        """The house's own, or the only one, is chosen until she chooses another one."""
        known = settings.COUNTRIES_ONLY
        if settings.HOLIDAYS_COUNTRY in known or len(known) == 1:
            own = settings.HOLIDAYS_COUNTRY if settings.HOLIDAYS_COUNTRY in known else known[0]
            self.initial = {"country": own, **self.initial}

    def _offer_shipping(self) -> None:
        """The first way of shipping is chosen until she chooses another one."""
        field = self.fields["shipping_method"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(method.pk, method.name) for method in self.methods]
        if self.methods:
            self.initial = {"shipping_method": self.methods[0].pk, **self.initial}

    def _offer_payment(self) -> None:
        """A single way to pay is not asked for. What was chosen before counts only as long as it is offered."""
        if len(self.gateways) == 1:
            del self.fields["payment"]
            return
        field = self.fields["payment"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(gateway.name, gateway.label) for gateway in self.gateways]
        self.initial = {"payment": self.gateways[0].name, **self.initial}

    def details(self) -> dict[str, Any]:
        """What a cart keeps: plain text, the id of the shipping method and the name of the way to pay."""
        data = self.cleaned_data
        return {name: str(data[name]) for name in review.DETAILS} | {
            "shipping_method": data["shipping_method"],
            "payment": data.get("payment", self.gateways[0].name),
        }


def details_of(order: Order) -> dict[str, str]:
    """What a customer gave last time, to be offered again."""
    return {name: str(getattr(order, name)) for name in review.DETAILS}


class FindForm(PlainForm):
    """Which order's link is to be sent, and where it was sent before."""

    number = forms.CharField(
        label="Order number",
        max_length=20,
        help_text="Ten letters and digits, as your bank or your invoice shows it.",
        widget=Input(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
        error_messages={"required": "Order number: please fill this in."},
    )
    email = MailField(help_text="The one that you ordered with.")


class PostcodeForm(PlainForm):
    """Asks for the postcode of an order that is paid: money goes back by it, and nothing that fills in forms by itself
    is to set that off. Whoever was passed the link can read it there.

    Of an order that is not paid it asks nothing.
    """

    postcode = forms.CharField(
        label="Postcode of this order, as money goes back to you",
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Type the postcode that this order goes to: nothing was changed yet."},
    )

    def __init__(self, *args: Any, order: Order, **options: Any) -> None:
        super().__init__(*args, **options)
        self.order = order
        if not self.is_needed(order):
            del self.fields["postcode"]

    @staticmethod
    def is_needed(order: Order) -> bool:
        return order.payment.state == Payment.State.PAID

    def clean_postcode(self) -> str:
        postcode: str = self.cleaned_data["postcode"]
        if _bare(postcode) != _bare(self.order.postcode):
            raise ValidationError("This is not the postcode that this order goes to: nothing was changed yet.")
        return postcode


def _bare(postcode: str) -> str:
    return "".join(postcode.split()).casefold()


class GiveUpForm(PostcodeForm):
    """Before all that a delay reaches is cancelled on its page. Where no postcode is asked, a tick is: a slip of the
    finger gives up no place in a queue."""

    sure = forms.BooleanField(
        label="Yes, I give up all of this, and my place in the queue",
        error_messages={"required": "Tick the box if you mean to cancel: nothing was changed yet."},
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "postcode" in self.fields:
            del self.fields["sure"]


class ElsewhereForm(PostcodeForm):
    """Asks it of every order: goods would go elsewhere, whoever pays for them."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["postcode"]
        field.label = "The postcode before this change"
        field.help_text = "So that nobody who only found your link can send your goods elsewhere."

    @staticmethod
    def is_needed(order: Order) -> bool:
        return True


class CancelForm(PostcodeForm):
    """How many units of a line are given up; at most what has not shipped."""

    units = QuantityField(label="How many to cancel")
    # What was wanted when the page was drawn: a second click then cancels nothing more.
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, most: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self.order_fields(["units", "seen", "postcode"])
        field = self.fields["units"]
        assert isinstance(field, QuantityField)
        field.most = most
        field.help_text = f"Up to {most} can still be cancelled."
        # What was meant for more than is left is shown, to be mended.
        if most == 1 and str(self["units"].value()) == "1":
            self.fields["units"].widget = forms.HiddenInput()


class SendBackForm(PlainForm):
    """How many units of which line go back: a number each, and her reason if she gives one."""

    reason = forms.CharField(
        label="Why? You need not say (optional)",
        max_length=255,
        required=False,
        widget=Input(attrs={"autocomplete": "off"}),
        validators=[one_line],
    )
    # What was noted when the page was drawn: a second click then announces nothing more.
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, most: Mapping[OrderLine, int], **options: Any) -> None:
        super().__init__(*args, **options)
        self.lines = {f"units-{line.pk}": line.pk for line in most}
        is_only_line = len(most) == 1
        for line, units in most.items():
            name = f"units-{line.pk}"
            self.fields[name] = QuantityField(
                label=line.article,
                least=0,
                most=units,
                initial=units if is_only_line else 0,
                help_text=f"How many go back, up to {units}." if is_only_line else f"Up to {units}; 0 to keep it.",
            )
            # What was meant for more than is left is shown, to be mended.
            if is_only_line and units == 1 and str(self[name].value()) == "1":
                self.fields[name].widget = forms.HiddenInput()
        self.order_fields([*self.lines, "reason", "seen"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and not any(cleaned[name] for name in self.lines):
            self.add_error(next(iter(self.lines)), "Say of one article at least how many go back: nothing was noted.")
        return cleaned

    def units(self) -> dict[int, int]:
        """By line, of a valid form."""
        return {pk: self.cleaned_data[name] for name, pk in self.lines.items()}


# Nobody waits longer for goods, and the calendar ends somewhere.
_MOST_PATIENCE = timedelta(days=2 * 365)


class LastDayForm(PlainForm):
    """Until which day she waits."""

    day = forms.DateField(
        label="I wait until this day, and no longer",
        widget=forms.DateInput(attrs={"type": "date", "autocomplete": "off"}),
        error_messages={"required": "Choose a day.", "invalid": "Choose a day, such as 2026-12-24."},
    )

    def __init__(self, *args: Any, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today, self.latest = today, today + _MOST_PATIENCE
        self.fields["day"].widget.attrs |= {
            "min": (today + timedelta(days=1)).isoformat(),
            "max": self.latest.isoformat(),
        }

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        if day <= self.today:
            raise ValidationError(answers.NOT_AHEAD)
        if day > self.latest:
            raise ValidationError(f"Choose a day until {long_day(self.latest)}: nobody can say more than that ahead.")
        return day


class AskForm(PlainForm):
    """A question about an order, in the customer's words."""

    text = TextField(
        label="Your question",
        max_length=MOST_CHARACTERS,
        help_text="We reply by mail, and you find question and answer on this page.",
        error_messages={
            "required": "Write your question first.",
            "max_length": "Please say it in at most %(limit_value)d characters: these are %(show_value)d.",
        },
    )


class AlertForm(PlainForm):
    """The address that is written to when something is back, in small letters."""

    email = MailField(help_text="It is kept for this one letter.")

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        if len(email) > _MOST_OF_AN_ADDRESS:
            # A capital letter can have two small ones.
            raise ValidationError(NO_ADDRESS)
        return email


def pairs_of(texts: Iterable[str]) -> dict[int, int]:
    """Pairs of numbers out of hidden fields of ours, such as "7:12"; what cannot be one is left out."""
    found = (re.fullmatch(r"([0-9]{1,18}):([0-9]{1,18})", text, re.ASCII) for text in texts)
    return {int(pair[1]): int(pair[2]) for pair in found if pair}
