"""The look and the sidebar of the admin. Imported by the settings, so it reads nothing but itself."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy


def _link(title: str, icon: str, model: str) -> dict[str, Any]:
    """An entry of the sidebar that leads to a model's list, for those who may see that model."""
    app, name = model.split(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": lambda request: _may_see(request, app, name),
    }


def _may_see(request: HttpRequest, app: str, name: str) -> bool:
    user = request.user
    return user.has_perm(f"{app}.view_{name}") or user.has_perm(f"{app}.change_{name}")


def _stylesheet(request: HttpRequest) -> str:
    return static("staff/desk.css")


def _icon(request: HttpRequest) -> str:
    return static("shop/icon.svg")


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Dibs staff",
    "SITE_HEADER": "Dibs",
    "SITE_SUBHEADER": "The staff desk",
    "SITE_URL": "/",
    "SITE_SYMBOL": "concierge",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _icon}],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": True,
    "DASHBOARD_CALLBACK": "shop.staff.desk.context",
    "STYLES": [_stylesheet],
    "ACCOUNT": {"navigation": [{"title": "Two-factor sign-in", "link": reverse_lazy("mfa_index")}]},
    "BORDER_RADIUS": "6px",
    "COLORS": {
        # The shop's ink green.
        "primary": {
            "50": "#eef5f2",
            "100": "#d8e8e2",
            "200": "#b3d1c6",
            "300": "#a3d0c3",
            "400": "#7fbbaa",
            "500": "#5ca18e",
            "600": "#2c5f52",
            "700": "#244d43",
            "800": "#1f3d36",
            "900": "#1a322d",
            "950": "#0d1d1a",
        },
    },
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": False,
        "navigation": [
            {
                "title": "Desk",
                "items": [
                    {"title": "Today", "icon": "today", "link": reverse_lazy("admin:index")},
                    _link("Orders", "receipt_long", "shop.order"),
                    _link("Queues", "groups", "backorders.queue"),
                    _link("Claims", "hourglass_top", "backorders.claim"),
                    _link("Letters", "mail", "notifications.letter"),
                    _link("Notices of delays", "notification_important", "backorders.notice"),
                    _link("Answers", "call", "backorders.consent"),
                    _link("Refunds", "payments", "shop.refund"),
                    {
                        "title": "Reports",
                        "icon": "bar_chart",
                        "link": reverse_lazy("admin:reports"),
                        "permission": lambda request: request.user.has_perm("shop.view_reports"),
                    },
                ],
            },
            {
                "title": "Goods",
                "separator": True,
                "items": [
                    _link("Purchase orders", "local_shipping", "inventory.purchaseorder"),
                    _link("Deliveries", "inventory_2", "inventory.delivery"),
                    _link("Stock", "warehouse", "inventory.stockitem"),
                    _link("Movements", "swap_vert", "inventory.stockmovement"),
                    _link("Suppliers", "factory", "inventory.supplier"),
                    _link("Changed days", "event_repeat", "inventory.expecteddaychange"),
                ],
            },
            {
                "title": "Shop",
                "separator": True,
                "items": [
                    _link("Products", "sell", "shop.product"),
                    _link("Categories", "account_tree", "shop.category"),
                    _link("Shipping methods", "package_2", "shop.shippingmethod"),
                    _link("Carriers", "local_shipping", "shop.carrier"),
                    _link("Pages", "article", "shop.infopage"),
                ],
            },
            {
                "title": "People",
                "separator": True,
                "items": [
                    _link("Accounts", "person", "shop.user"),
                    _link("Groups", "group", "auth.group"),
                ],
            },
        ],
    },
}
