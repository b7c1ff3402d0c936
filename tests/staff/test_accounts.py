from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from shop.models import User
from tests.staff.pages import SignIn, words

RIGHTS = (
    "shop.add_user",
    "shop.change_user",
    "shop.view_user",
    "shop.delete_user",
    "auth.change_group",
    "auth.add_group",
)
PASSWORD = "a-long-walk-by-the-sea"


def change_address(user: User) -> str:
    return reverse("admin:shop_user_change", args=[user.pk])


def test_an_account_is_made_with_an_address_and_a_password(cy: Client) -> None:
    page = cy.post(
        reverse("admin:shop_user_add"),
        {"email": "Di@Example.com", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD},
    )

    assert page.status_code == 302
    assert User.objects.get(email="Di@example.com").check_password(PASSWORD)


def test_one_address_is_one_account_in_any_case(cy: Client) -> None:
    page = cy.post(
        reverse("admin:shop_user_add"),
        {"email": "CY@example.com", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD},
    )

    assert "There is an account with this e-mail address already." in words(page)
    assert User.objects.count() == 1


def test_nobody_gives_herself_rights(clerk: SignIn) -> None:
    desk = clerk(*RIGHTS)
    me = User.objects.get()

    desk.post(change_address(me), {"email": me.email, "is_active": "on", "is_superuser": "on", "is_staff": "on"})

    me.refresh_from_db()
    assert not me.is_superuser


def test_nobody_takes_over_an_account_with_more_rights(clerk: SignIn) -> None:
    desk = clerk(*RIGHTS)
    boss = User.objects.create_superuser("boss@example.com", PASSWORD)
    password_address = reverse("admin:auth_user_password_change", args=[boss.pk])

    desk.post(change_address(boss), {"email": "mallory@example.com"})
    password = desk.post(password_address, {"usable_password": "true", "password1": "x" * 14, "password2": "x" * 14})
    deleted = desk.post(reverse("admin:shop_user_delete", args=[boss.pk]), {"post": "yes"})

    boss.refresh_from_db()
    assert (boss.email, boss.check_password(PASSWORD)) == ("boss@example.com", True)
    assert [password.status_code, deleted.status_code] == [403, 403]


def test_a_clerk_corrects_a_customers_name(clerk: SignIn) -> None:
    desk = clerk(*RIGHTS)
    ada = User.objects.create_user("ada@example.com")

    desk.post(change_address(ada), {"email": ada.email, "first_name": "Ada", "is_active": "on"})

    ada.refresh_from_db()
    assert ada.first_name == "Ada"


def test_groups_are_the_superusers(clerk: SignIn, db: None) -> None:
    group = Group.objects.create(name="Packers")

    desk = clerk(*RIGHTS)

    assert desk.get(reverse("admin:auth_group_add")).status_code == 403
    assert desk.post(reverse("admin:auth_group_change", args=[group.pk]), {"name": "Kings"}).status_code == 403
