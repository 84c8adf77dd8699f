"""Settings, read from the environment; anything missing or malformed fails loudly at start-up.

Without `DATABASE_URL` and `REDIS_URL` the servers embedded in the data folder are used.
"""

from __future__ import annotations

import os
import secrets
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email
from jinja2 import StrictUndefined

from factcheck import embedded

env = environ.Env()
VERSION = "0.1.0"  # as in pyproject.toml
BASE_DIR = Path(__file__).resolve().parent.parent
DATA = Path(env.str("FACTCHECK_DATA", default=str(BASE_DIR / ".data"))).resolve()


def _secret_key() -> str:
    """Return the key from the environment, else one made once and kept in the data folder."""
    if key := env.str("FACTCHECK_SECRET_KEY", default=""):
        return str(key)
    path = DATA / "secret-key"
    try:
        DATA.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    except OSError as error:
        raise ImproperlyConfigured(
            f"No FACTCHECK_SECRET_KEY, and {path} cannot be written: {error.strerror}"
        ) from error
    with os.fdopen(descriptor, "w") as file:
        file.write(key := secrets.token_urlsafe(60))
    return key


SECRET_KEY = _secret_key()
DEBUG = env.bool("FACTCHECK_DEBUG", default=False)
ALLOWED_HOSTS = env.list("FACTCHECK_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
HTTPS = env.bool("FACTCHECK_HTTPS", default=True)
BEHIND_PROXY = env.bool("FACTCHECK_BEHIND_PROXY", default=False)

# The newsroom, as readers see it.
# It stands in everything published, for good, so with HTTPS nothing is guessed: without it the web
# does not start and nothing is published.
NO_PUBLIC_URL = (
    "FACTCHECK_PUBLIC_URL must be the https:// address that readers use; FACTCHECK_HTTPS=0 is for "
    "a desk on this machine alone."
)
PUBLIC_URL = env.str("FACTCHECK_PUBLIC_URL", default="" if HTTPS else "http://127.0.0.1:8000")
PUBLIC_URL = "" if HTTPS and not PUBLIC_URL.startswith("https://") else PUBLIC_URL.rstrip("/")
ORGANISATION = env.str("FACTCHECK_ORGANISATION", default="The Fact-checkers' Desk")
CONTACT_EMAIL = env.str("FACTCHECK_CONTACT_EMAIL", default="corrections@localhost")

# The desk.
LEASE = timedelta(minutes=env.int("FACTCHECK_LEASE_MINUTES", default=30))
LEASE_AT_MOST = timedelta(hours=env.int("FACTCHECK_LEASE_HOURS_AT_MOST", default=8))
LEASE_ENDS_SOON = timedelta(minutes=5)
LEASES_PER_PERSON = env.int("FACTCHECK_LEASES_PER_PERSON", default=5)
WAIT_AT_MOST = DUE_AT_MOST = timedelta(days=90)
RECHECK = timedelta(days=env.int("FACTCHECK_RECHECK_DAYS", default=30))
RECHECK_AT_MOST = timedelta(days=366)
QUEUE_WORTHINESS = env.float("FACTCHECK_QUEUE_WORTHINESS", default=0.7)

# The machine. The score of `engine.compare` from which an appearance is linked to a claim: at 0.6
# the best match was right for 157 of 158 tweets that repeat a checked claim, at 0.5 for 311 of 316
# (CheckThat! 2020, train and dev).
FACTCHECK_MATCH_CERTAIN = env.float("FACTCHECK_MATCH_CERTAIN", default=0.6)
# The score from which the likeliest other claim is suggested to people: between 0.4 and 0.6 the
# likeliest was right for 60 of 65 tweets (CheckThat! 2020, dev). Within one story, where all claims
# are about the same matter, most below 0.5 are wrong.
FACTCHECK_MATCH_LIKELY = env.float("FACTCHECK_MATCH_LIKELY", default=0.5)
# What `manage.py match` asks how alike claims are in meaning, a dotted path: none by default;
# "claims.minilm.Meanings" with requirements-semantic.lock installed; or a class of the site's own.
FACTCHECK_SEMANTIC = env.str("FACTCHECK_SEMANTIC", default="")
# The mean likeness from which articles are one story: on 50 events in three outlets each B-cubed F1
# was 0.98 to 1.00 between 0.12 and 0.24.
FACTCHECK_SAME_STORY = env.float("FACTCHECK_SAME_STORY", default=0.18)
ANALYSIS_ATTEMPTS = env.int("FACTCHECK_ANALYSIS_ATTEMPTS", default=5)
# What one article may take: seconds, then those until its process is ended; megabytes.
ANALYSIS_SECONDS = env.float("FACTCHECK_ANALYSIS_SECONDS", default=60.0)
ANALYSIS_SECONDS_TO_STOP = env.float("FACTCHECK_ANALYSIS_SECONDS_TO_STOP", default=10.0)
ANALYSIS_MEMORY = env.int("FACTCHECK_ANALYSIS_MEMORY", default=512)
ANALYSIS_RENEWALS = env.int("FACTCHECK_ANALYSIS_RENEWALS", default=200)
ANALYSIS_CHUNK = env.int("FACTCHECK_ANALYSIS_CHUNK", default=20)
ANALYSIS_HINTS = env.int("FACTCHECK_ANALYSIS_HINTS", default=500)

INSTALLED_APPS = [
    "factcheck",
    "reviews",
    "claims",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "reversion",
    "django_htmx",
    "django_celery_beat",
    "axes",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "factcheck.measuring.SmallForms",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "factcheck.returning.SignInFirst",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "factcheck.urls"
WSGI_APPLICATION = "factcheck.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "reviews.views.notifications.badge",
            ],
            "builtins": ["claims.templatetags.seen"],
        },
    },
    {  # The long list of the queue, `*.jinja` beside the others: four times as fast.
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "NAME": "jinja",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "trim_blocks": True,
            "lstrip_blocks": True,
            "undefined": StrictUndefined,
        },
    },
]

DATABASES = {
    "default": env.db("DATABASE_URL")
    if "DATABASE_URL" in os.environ
    else embedded.database_settings(DATA)
}
if DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL database.")
DATABASES["default"] |= {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
# Where web, workers and beat reach it, for `manage.py grant`, which the owner of the tables runs.
DESK_DATABASE = (
    env.db("FACTCHECK_DESK_DATABASE_URL") if "FACTCHECK_DESK_DATABASE_URL" in os.environ else {}
)

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env.str("REDIS_URL", default="") or embedded.cache_url(DATA),
    }
}

# Celery. The rows are the to-do list; the broker only carries hints.
CELERY_BROKER_URL = env.str("REDIS_URL", default="") or embedded.redis_url(DATA)

# People.
AUTH_USER_MODEL = "reviews.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "reviews.roles.RoleBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "reviews:queue"
LOGOUT_REDIRECT_URL = "sign-in"
AXES_FAILURE_LIMIT = 6
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "registration/locked_out.html"
AXES_HTTP_RESPONSE_CODE = 429
AXES_VERBOSE = False
AXES_CLIENT_IP_CALLABLE = "factcheck.proxy.counted_address"

# Security.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# What may be sent in one request: text; bytes of one file, as much as is read of any; of all files
# together, on the disk while it lasts; and how many. Beyond Django's own limit a request is refused
# whole, so it is higher: what is too much is left out and said to be.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
FILE_UPLOAD_HANDLERS = ["claims.uploading.Bounded"]
UPLOAD_FILE = 100_000_000
UPLOAD_ALL = env.int("FACTCHECK_UPLOAD_MB", default=500) * 1_000_000
UPLOAD_FILES = 5000
DATA_UPLOAD_MAX_NUMBER_FILES = 4 * UPLOAD_FILES

# What strangers and machines may ask for.
API_REQUESTS_PER_MINUTE = env.int("FACTCHECK_API_REQUESTS_PER_MINUTE", default=120)  # for a token
TIPS_PER_ADDRESS = env.int("FACTCHECK_TIPS_PER_ADDRESS", default=5)  # an hour, by the public form
TIPS_PER_HOUR = env.int("FACTCHECK_TIPS_PER_HOUR", default=200)  # by it, from all together
TIP_CONTACTS_KEPT = timedelta(days=env.int("FACTCHECK_TIP_CONTACT_DAYS", default=90))

# What the desk reads from the network, and how it gets there; `claims.fetching` alone goes out.
FETCH_PORTS = env.list("FACTCHECK_FETCH_PORTS", cast=int, default=[80, 443])
# Networks closed to it beside those that are not public: our own servers, a NAT64 prefix.
FETCH_FORBIDDEN = tuple(map(ip_network, env.list("FACTCHECK_FETCH_FORBIDDEN", default=[])))


def _egress_proxy(url: str) -> str:
    """Return the proxy that all requests leave by; "" for none.

    The variables that other programs obey (HTTPS_PROXY and its like) are not read.
    """
    parts = urlsplit(url)
    whole = parts.scheme == "http" and parts.hostname and parts.port and parts.path in ("", "/")
    if url and not whole:
        raise ImproperlyConfigured("FACTCHECK_EGRESS_PROXY must be http://host:port.")
    return url


# What comes by itself: seconds between two requests to a host, if it does not ask for more; how old
# an address may be that is taken from a sitemap, which lists all that a site ever had; and how many
# addresses are taken of one feed in a day.
HOST_PAUSE = env.int("FACTCHECK_HOST_PAUSE", default=5)
SITEMAP_DAYS = env.int("FACTCHECK_SITEMAP_DAYS", default=7)
FEED_ITEMS_A_DAY = env.int("FACTCHECK_FEED_ITEMS_A_DAY", default=1000)
EGRESS_PROXY = _egress_proxy(env.str("FACTCHECK_EGRESS_PROXY", default=""))


def _chromium(path: str) -> str:
    """Return the browser that photographs what is cited; "" for none."""
    if path and not (Path(path).is_file() and os.access(path, os.X_OK)):
        raise ImproperlyConfigured(f"FACTCHECK_CHROMIUM: {path} is no program that can be run.")
    return path


def _public_archive(address: str) -> str:
    """Return where a public archive is asked to keep a page; "" for none."""
    parts = urlsplit(address)
    if address and (parts.scheme not in ("http", "https") or address.count("{url}") != 1):
        raise ImproperlyConfigured(
            "FACTCHECK_PUBLIC_ARCHIVE must be an http(s) address with {url} in it."
        )
    if "{" in parts.netloc:
        raise ImproperlyConfigured("FACTCHECK_PUBLIC_ARCHIVE: {url} cannot be part of the host.")
    return address


CHROMIUM = _chromium(env.str("FACTCHECK_CHROMIUM", default=""))
PUBLIC_ARCHIVE = _public_archive(env.str("FACTCHECK_PUBLIC_ARCHIVE", default=""))

# Mail. Without a server it is written to the log.
EMAIL_HOST = env.str("FACTCHECK_MAIL_HOST", default="")
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
EMAIL_PORT = env.int("FACTCHECK_MAIL_PORT", default=587)
EMAIL_USE_TLS = env.bool("FACTCHECK_MAIL_STARTTLS", default=True)
EMAIL_HOST_USER = env.str("FACTCHECK_MAIL_USER", default="")
EMAIL_HOST_PASSWORD = env.str("FACTCHECK_MAIL_PASSWORD", default="")
EMAIL_TIMEOUT = 10  # seconds
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("FACTCHECK_MAIL_FROM", default=CONTACT_EMAIL)

# Checkpoints of the record: the key that signs them, and the witnesses that get each.


def _checkpoint_key() -> Path:
    """Return where the key is: where the site says, else one made once in the data folder."""
    named = env.str("FACTCHECK_CHECKPOINT_KEY", default="")
    if named and not Path(named).is_file():
        raise ImproperlyConfigured(f"FACTCHECK_CHECKPOINT_KEY: there is no file {named}.")
    return Path(named).resolve() if named else DATA / "checkpoint-key.pem"


def _checkpoint_mail() -> list[str]:
    """Return the addresses; refuse what is none, and mail that would only go to the log."""
    addresses: list[str] = env.list("FACTCHECK_CHECKPOINT_MAIL", default=[])
    try:
        for address in addresses:
            validate_email(address)
    except ValidationError as error:
        raise ImproperlyConfigured(
            f"FACTCHECK_CHECKPOINT_MAIL: “{address}” is no address."
        ) from error
    if addresses and not EMAIL_HOST:
        raise ImproperlyConfigured("FACTCHECK_CHECKPOINT_MAIL needs FACTCHECK_MAIL_HOST.")
    return addresses


def _checkpoint_webhook() -> str:
    """Return the address, if checkpoints may be posted there."""
    url = env.str("FACTCHECK_CHECKPOINT_WEBHOOK", default="")
    if url:
        from reviews import posting  # noqa: PLC0415  few sites need it, and it is slow to load

        if why_not := posting.refusal(url):
            raise ImproperlyConfigured(f"FACTCHECK_CHECKPOINT_WEBHOOK: {why_not}")
    return str(url)


CHECKPOINT_KEY = _checkpoint_key()
CHECKPOINT_KEY_IS_NAMED = bool(env.str("FACTCHECK_CHECKPOINT_KEY", default=""))
# Public keys that signed before this one.
CHECKPOINT_OLD_KEYS = [
    Path(path).resolve() for path in env.list("FACTCHECK_CHECKPOINT_OLD_KEYS", default=[])
]
CHECKPOINT_FOLDER = Path(
    env.str("FACTCHECK_CHECKPOINT_FOLDER", default="") or DATA / "checkpoints"
).resolve()
CHECKPOINT_FOLDER_IS_NAMED = bool(env.str("FACTCHECK_CHECKPOINT_FOLDER", default=""))
CHECKPOINT_MAIL = _checkpoint_mail()
CHECKPOINT_WEBHOOK = _checkpoint_webhook()

# Language, time, files.
LANGUAGE_CODE = "en-gb"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"
STATICFILES_DIRS: list[Path] = []


def snapshot_storage() -> dict[str, object]:
    """Where the bytes of articles lie: a folder of the data folder, or any storage of Django's."""
    backend = env.str("FACTCHECK_SNAPSHOT_STORAGE", default="")
    options = env.json("FACTCHECK_SNAPSHOT_OPTIONS", default={})
    if not isinstance(options, dict):
        raise ImproperlyConfigured("FACTCHECK_SNAPSHOT_OPTIONS must be a JSON object.")
    if backend:
        return {"BACKEND": backend, "OPTIONS": options}
    folder = {"location": DATA / "snapshots"}
    return {"BACKEND": "claims.archiving.Shelf", "OPTIONS": folder | options}


STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "snapshots": snapshot_storage(),
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("FACTCHECK_LOG_LEVEL", default="WARNING")},
}
