"""The library's forms with our labels above the boxes: inside, they would vanish while one types."""

from typing import Any

from allauth.account import forms as account
from django import forms

from shop.web.forms import NO_ADDRESS

_LABELS = {
    "login": "E-mail address",
    "email": "E-mail address",
    "password": "Password",
    "password1": "Password",
    "password2": "The same password once more",
    "oldpassword": "Your password until now",
    "remember": "Keep me signed in on this device",
    "code": "Code",
}
_OF_A_PASSWORD = "12 characters or more. A short sentence of your own is easy to keep in mind."


class _InOurWords(forms.Form):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.label_suffix = ""
        for name, field in self.fields.items():
            field.label = _LABELS.get(name, field.label)
            field.error_messages["required"] = f"{field.label}: please fill this in."
            field.widget.attrs.pop("placeholder", None)
            if isinstance(field, forms.EmailField):
                field.error_messages["invalid"] = NO_ADDRESS
        if "password1" in self.fields:
            self.fields["password1"].help_text = _OF_A_PASSWORD
        if {"oldpassword", "password2"} & self.fields.keys():
            self.fields["password1"].label = "New password"


class Login(_InOurWords, account.LoginForm):
    pass


class Signup(_InOurWords, account.SignupForm):
    pass


class RequestLoginCode(_InOurWords, account.RequestLoginCodeForm):
    pass


class ConfirmLoginCode(_InOurWords, account.ConfirmLoginCodeForm):
    pass


class AddEmail(_InOurWords, account.AddEmailForm):
    pass


class ChangePassword(_InOurWords, account.ChangePasswordForm):
    pass


class SetPassword(_InOurWords, account.SetPasswordForm):
    pass


class ResetPassword(_InOurWords, account.ResetPasswordForm):
    pass


class ResetPasswordFromKey(_InOurWords, account.ResetPasswordKeyForm):
    pass


class Reauthenticate(_InOurWords, account.ReauthenticateForm):
    pass
