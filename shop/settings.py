"""Settings, all of them, read from the environment (see .env.example).

DIBS_MODE says what kind of place this is: `production` (the default: nothing is assumed), `demo` (what
`manage.py up` runs) or `test`. Only production refuses unsafe values; it does so with one sentence.
"""

from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import environ
import holidays
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP

from backorders.deadlines import Rule
from shop import gateways
from shop.gateways import iban
from shop.staff.unfold import UNFOLD as UNFOLD

BASE_DIR = Path(__file__).resolve().parent.parent
DEMO_SECRET_KEY = "demo-only-this-key-is-public-and-production-refuses-it"

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

MODE = env.str("DIBS_MODE", default="production")
if MODE not in {"production", "demo", "test"}:
    raise ImproperlyConfigured(f"DIBS_MODE is {MODE!r}: set it to production, demo or test.")
PRODUCTION = MODE == "production"


def required(name: str, demo: str, *, needed: bool = True) -> str:
    """The variable's value; outside production a missing one falls back to what the demo uses."""
    value = env.str(name, default="" if PRODUCTION else demo)
    if needed and not value:
        raise ImproperlyConfigured(f"{name} is not set: production needs it, see .env.example.")
    return value


def flag(name: str, *, default: bool) -> bool:
    value = env.str(name, default=str(default)).lower()
    if value not in {"true", "false", "1", "0", "yes", "no", "on", "off"}:
        raise ImproperlyConfigured(f"{name} is {value!r}: set it to true or false.")
    return value in {"true", "1", "yes", "on"}


def number(name: str, *, default: int, least: int, most: int) -> int:
    value = env.str(name, default=str(default)).strip()
    if not value.isdecimal() or not least <= int(value) <= most:
        raise ImproperlyConfigured(f"{name} is {value!r}: set it to a whole number from {least} to {most}.")
    return int(value)


def one_of(name: str, known: list[str], *, default: str) -> str:
    value = env.str(name, default=default).strip().lower()
    if value not in known:
        raise ImproperlyConfigured(f"{name} is {value!r}: set it to one of {', '.join(known)}.")
    return value


def weekdays(name: str, known: list[str], *, default: list[str]) -> list[int]:
    names = [day.strip().lower()[:3] for day in env.list(name, default=default)]
    if not names or not set(names) <= set(known):
        raise ImproperlyConfigured(f"{name} is {env.str(name)!r}: list days such as mon,tue,wed,thu,fri.")
    return sorted({known.index(day) for day in names})


def days(name: str) -> list[date]:
    try:
        return sorted({date.fromisoformat(day.strip()) for day in env.list(name, default=[])})
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is {env.str(name)!r}: list days such as 2026-12-24,2026-12-31.") from error


def holidays_of(name: str) -> tuple[str, str]:
    """A country, or a part of one after a hyphen, whose public holidays are kept; both empty for none."""
    value = env.str(name, default="").strip().upper()
    country, _, part = value.partition("-")
    known = holidays.list_supported_countries(include_aliases=False) if value else {}
    if value and (country not in known or (part and part not in known[country])):
        raise ImproperlyConfigured(f"{name} is {value!r}: set it to a country or a part of one, such as DE or DE-BE.")
    return country, part


def payment_methods(name: str, *, default: list[str]) -> list[str]:
    names = list(dict.fromkeys(method.strip() for method in env.list(name, default=default)))
    if not names or not set(names) <= gateways.BY_NAME.keys():
        raise ImproperlyConfigured(f"{name} is {env.str(name)!r}: list some of {', '.join(gateways.BY_NAME)}.")
    return names


SECRET_KEY = required("SECRET_KEY", DEMO_SECRET_KEY)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
DEBUG = flag("DEBUG", default=False)
if PRODUCTION and SECRET_KEY == DEMO_SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY is the demo's public key: make a secret one of your own.")
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("DEBUG is on: production shows no debug pages, set DEBUG=false.")

# --- Who and where we are ---------------------------------------------------------------------------------

SITE_URL = required("SITE_URL", "http://localhost:8000").rstrip("/")
SHOP_NAME = env.str("SHOP_NAME", default="Dibs")
_site = urlsplit(SITE_URL)
if _site.scheme not in {"http", "https"} or not _site.hostname:
    raise ImproperlyConfigured(f"SITE_URL is {SITE_URL!r}: give the full address, such as https://shop.example.")
if PRODUCTION and _site.scheme != "https":
    raise ImproperlyConfigured("SITE_URL is not https: production serves over TLS only.")
# Any other name in the demo would let a page of a stranger's site read the demo's mailbox.
_LOOPBACK = [] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[_site.hostname, *_LOOPBACK])
CSRF_TRUSTED_ORIGINS = [f"{_site.scheme}://{_site.netloc}"]

LANGUAGE_CODE = "en-gb"
FORMAT_MODULE_PATH = "shop.clock_words"
TIME_ZONE = env.str("TIME_ZONE", default="Europe/Berlin")
USE_TZ = True
CURRENCY = env.str("CURRENCY", default="EUR")
# django-countries offers exactly these in addresses.
_COUNTRIES = "AT BE CH CZ DE DK ES FI FR GB IE IT LU NL NO PL PT SE"
COUNTRIES_ONLY = env.list("SHIPS_TO", default=_COUNTRIES.split())

# --- When goods leave the house ---------------------------------------------------------------------------

_WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
# Counted from Monday, 0.
SHIPPING_WEEKDAYS = weekdays("SHIPPING_WEEKDAYS", _WEEKDAYS, default=_WEEKDAYS[:5])
HOLIDAYS_COUNTRY, HOLIDAYS_SUBDIVISION = holidays_of("PUBLIC_HOLIDAYS")
CLOSED_ON = days("CLOSED_ON")
# An order placed at this hour or later counts as placed on the next day; 24 means that there is no such hour.
CUTOFF_HOUR = number("CUTOFF_HOUR", default=14, least=0, most=24)
HANDLING_DAYS = number("HANDLING_DAYS", default=0, least=0, most=60)

# --- When a day slips -------------------------------------------------------------------------------------

DELAY_RULE = one_of("DELAY_RULE", [*Rule], default=Rule.HOUSE)
# A delay of more days than this is made good with something, once per order; 0 for never.
GOODWILL_AFTER_DAYS = number("GOODWILL_AFTER_DAYS", default=0, least=0, most=366)
GOODWILL = one_of("GOODWILL", ["voucher", "free_shipping"], default="voucher")
# Shows everybody how well promises were kept.
PUBLIC_FIGURES = flag("PUBLIC_FIGURES", default=MODE == "demo")
# Who waits and has heard nothing for so many days is told that her day still holds; 0 for never.
STILL_ON_TIME_DAYS = number("STILL_ON_TIME_DAYS", default=30, least=0, most=366)

# --- When goods go back -----------------------------------------------------------------------------------

# So many days after the last parcel of an order left, its goods can be announced to come back. The law counts 14 from
# the day on which they arrive: the least leaves a week for the way.
RETURN_DAYS = number("RETURN_DAYS", default=30, least=21, most=366)
RETURN_ADDRESS = required("RETURN_ADDRESS", f"{SHOP_NAME}, an invented house, 1 Demo Street, 10115 Berlin, Germany")

# --- Payment ----------------------------------------------------------------------------------------------

PAYMENT_METHODS = payment_methods("PAYMENT_METHODS", default=["invoice", "transfer"] if MODE == "demo" else ["invoice"])
PAYMENT_HOLD_HOURS = number("PAYMENT_HOLD_HOURS", default=168, least=1, most=1440)
# Known without a transfer on offer, too: earlier orders may still wait for theirs.
_transfer = "transfer" in PAYMENT_METHODS
BANK_ACCOUNT_HOLDER = required("BANK_ACCOUNT_HOLDER", "Nobody, because this is a demo", needed=_transfer)
BANK_IBAN = iban.compact(required("BANK_IBAN", "DE36 0000 0000 0000 0000 00", needed=_transfer))
BANK_BIC = iban.compact(required("BANK_BIC", "DEMODEF0", needed=_transfer))
if BANK_IBAN and not iban.is_iban(BANK_IBAN):
    raise ImproperlyConfigured(f"BANK_IBAN is {BANK_IBAN!r}: its check digits do not fit, copy it from your bank.")
if BANK_BIC and not iban.is_bic(BANK_BIC):
    raise ImproperlyConfigured(f"BANK_BIC is {BANK_BIC!r}: set it to the 8 or 11 characters that your bank gives.")

# --- Apps -------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "shop.apps.ShopConfig",
    "backorders.apps.BackordersConfig",
    "inventory.apps.InventoryConfig",
    "notifications.apps.NotificationsConfig",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.simple_history",
    "shop.staff.apps.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.sitemaps",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_countries",
    "django_htmx",
    "simple_history",
    "sorl.thumbnail",
]

MIDDLEWARE = [
    "shop.web.middleware.sane",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "shop.web.faults.maintained",
    "shop.web.middleware.cookies_are_private",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "shop.web.kept_cart.keep",
    "shop.staff.leaving.sign_out",
    "shop.web.middleware.headers",
]

ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    # The pages that shoppers see.
    {
        "BACKEND": "shop.web.jinja.Pages",
        "NAME": "pages",
        "DIRS": [BASE_DIR / "templates" / "shop"],
        "OPTIONS": {
            "environment": "shop.web.jinja.environment",
            "context_processors": [
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "shop.web.context.storefront",
            ],
        },
    },
    # The admin, the pages of an account, and the mails.
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.csp",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Database, cache, broker ------------------------------------------------------------------------------

DATABASES = {"default": env.db_url_config(required("DATABASE_URL", "postgres://dibs@localhost/dibs"))}
DATABASES["default"].setdefault("OPTIONS", {})
# A connection is kept for the next request, and looked at before it is used again. Tests open and close their own.
DATABASES["default"]["CONN_MAX_AGE"] = 0 if MODE == "test" else 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# No request may hold a stock lock for long, whatever hangs: faults.md's three limits.
DATABASES["default"]["OPTIONS"]["options"] = (
    "-c lock_timeout=3s -c statement_timeout=15s -c idle_in_transaction_session_timeout=30s"
    # How much alike a mistyped word must be to what it is taken for, see shop.search.
    " -c pg_trgm.word_similarity_threshold=0.4"
)
DATABASES["default"]["OPTIONS"]["prepare_threshold"] = None
if env.bool("PREPARED_STATEMENTS", default=True):
    # What inventory.prepared asks is planned once per connection, as soon as it was asked so many times, and not for
    # its values: to plan a shelf takes PostgreSQL longer than to fill it.
    DATABASES["default"]["OPTIONS"]["prepare_threshold"] = 3
    DATABASES["default"]["OPTIONS"]["options"] += " -c plan_cache_mode=force_generic_plan"
# Nobody waits for a server that is gone until the network has given it up.
DATABASES["default"]["OPTIONS"].setdefault("connect_timeout", 5)

REDIS_URL = required("REDIS_URL", "redis://localhost:6379/0")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "dibs",
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2, "serializer": "shop.serializing.Json"},
    },
    # In each process its own: to ask another one costs as much as to make half a page.
    "pages": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 1000}},
    # What stands around every page.
    "frame": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "frame"},
}
THUMBNAIL_KVSTORE = "shop.web.kept_pictures.KVStore"

# --- Mail -------------------------------------------------------------------------------------------------

EMAIL_URL = required("EMAIL_URL", "smtp://localhost:1025")
_mail = env.email_url_config(EMAIL_URL)
MAILERS = {
    "default": {
        "BACKEND": _mail["EMAIL_BACKEND"],
        "OPTIONS": {
            "host": _mail["EMAIL_HOST"],
            "port": _mail["EMAIL_PORT"],
            "username": _mail["EMAIL_HOST_USER"] or "",
            "password": _mail["EMAIL_HOST_PASSWORD"] or "",
            "use_tls": _mail.get("EMAIL_USE_TLS", False),
            "use_ssl": _mail.get("EMAIL_USE_SSL", False),
            "timeout": 15,
        },
    },
}
DEFAULT_FROM_EMAIL = env.str("MAIL_FROM", default=f"{SHOP_NAME} <orders@{_site.hostname}>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
MAIL_REPLY_TO = env.str("MAIL_REPLY_TO", default=f"help@{_site.hostname}")
# Who hears of promises that broke or are about to.
STAFF_MAIL = env.str("STAFF_MAIL", default=MAIL_REPLY_TO)
# The demo's mailbox reads what its SMTP server caught; empty means that there is no mailbox page.
MAILBOX_DIR = "" if PRODUCTION else env.str("MAILBOX_DIR", default="")

# --- Files ------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = env.str("STATIC_ROOT", default=str(BASE_DIR / ".dibs" / "static"))
MEDIA_URL = "/media/"
MEDIA_ROOT = env.str("MEDIA_ROOT", default=str(BASE_DIR / ".dibs" / "media"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# While this file is there, the shop is closed; it may hold the time by which it opens again.
MAINTENANCE_FILE = env.str("MAINTENANCE_FILE", default=str(BASE_DIR / ".dibs" / "maintenance"))
# whitenoise scans the folder once, at start; tests and `up` collect static files before they serve.
WHITENOISE_MANIFEST_STRICT = True

# --- Accounts ---------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "shop.User"
# The button is not shown; shop.staff.history refuses what it would send.
SIMPLE_HISTORY_REVERT_DISABLED = True
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
# Ten minutes: mail takes its time.
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
# How many orders, or tries at one, come from one internet address in an hour; 0 does not count.
ORDERS_PER_HOUR = number("ORDERS_PER_HOUR", default=60, least=0, most=100_000)
# Beside the limits that the library has of its own.
ACCOUNT_RATE_LIMITS = {"stock_alert": "20/h/ip", "order_link": "20/h/ip"} | (
    {"order": f"{ORDERS_PER_HOUR}/h/ip"} if ORDERS_PER_HOUR else {}
)
ACCOUNT_ADAPTER = "shop.web.accounts.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "shop.web.account_forms.Login",
    "signup": "shop.web.account_forms.Signup",
    "request_login_code": "shop.web.account_forms.RequestLoginCode",
    "confirm_login_code": "shop.web.account_forms.ConfirmLoginCode",
    "add_email": "shop.web.account_forms.AddEmail",
    "change_password": "shop.web.account_forms.ChangePassword",
    "set_password": "shop.web.account_forms.SetPassword",
    "reset_password": "shop.web.account_forms.ResetPassword",
    "reset_password_from_key": "shop.web.account_forms.ResetPasswordFromKey",
    "reauthenticate": "shop.web.account_forms.Reauthenticate",
}
# Whoever is not the owner of an account cannot change it without her hearing of it.
ACCOUNT_EMAIL_NOTIFICATIONS = True
# Staff get into the admin with a second factor only: a code of an app, or one of the codes kept for when it is lost.
STAFF_TWO_FACTOR = flag("STAFF_TWO_FACTOR", default=PRODUCTION)
MFA_ADAPTER = "shop.web.accounts.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = SHOP_NAME
# Clocks of telephones go a little wrong.
MFA_TOTP_TOLERANCE = 1
# How many proxies of ours stand before the shop: limits per address count the visitor's, not the proxy's.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES", default=1 if PRODUCTION else 0)
LOGIN_REDIRECT_URL = "/account/orders/"
LOGIN_URL = "/accounts/login/"

# --- Security ---------------------------------------------------------------------------------------------

SECURE_CSP = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF, CSP.NONCE],
    "img-src": [CSP.SELF, "data:"],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
    "form-action": [CSP.SELF],
}
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "shop.web.faults.csrf_failure"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_ENGINE = "shop.web.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
if PRODUCTION:
    SECURE_SSL_REDIRECT = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"

# --- Log --------------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {"no_secrets": {"()": "shop.logs.WithoutSecrets"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["no_secrets"]}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {name: {"level": "INFO"} for name in ("shop", "backorders", "inventory", "notifications")},
}
