"""All settings, read from the environment; .env.example says what each variable does.

`CRM_ENV` is "production" unless said otherwise: whoever forgets it gets the strict side.
Importing this module starts nothing and needs no server.
"""

from pathlib import Path

import environ
import pghistory
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from crm.local import servers

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent

# Front-end packages (npm ci): the folder of each that is served, below /static/<prefix>/.
FRONT_END_PACKAGES = [
    ("tabler", "@tabler/core/dist"),
    ("sortablejs", "sortablejs"),
    ("tom-select", "tom-select/dist"),
    ("inter", "inter-ui/variable-latin"),
    ("inter-print", "inter-ui/web"),
]

# ── which kind of installation ──────────────────────────────────────────────────────────────────────
CRM_ENV = env.str("CRM_ENV", default="production")
if CRM_ENV not in {"production", "local"}:
    raise ImproperlyConfigured(f"CRM_ENV is {CRM_ENV!r}; it is either 'production' or 'local'.")
LOCAL = CRM_ENV == "local"
DEBUG = env.bool("DEBUG", default=LOCAL)
if DEBUG and not LOCAL:
    raise ImproperlyConfigured("DEBUG is on in production. Remove DEBUG, or set CRM_ENV=local on your own machine.")
SECRET_KEY = env.str("SECRET_KEY", default="only-for-local-use" if LOCAL else "")
if not LOCAL and len(SECRET_KEY) < 40:
    raise ImproperlyConfigured(
        "SECRET_KEY is missing or shorter than 40 characters. Make one with: openssl rand -base64 48"
    )
# Earlier keys, while what they signed or sealed is still in use.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Whose X-Forwarded-For is believed: addresses or networks of the proxies in front. Nobody's, unless said.
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])
# The address under which people reach the CRM; links in mails and the embed code of web forms begin with it.
BASE_URL = env.str("BASE_URL", default="http://127.0.0.1:8000").rstrip("/")
# Whose CRM it is: the name at the top of the sidebar.
COMPANY_NAME = env.str("COMPANY_NAME", default="CRM")

# ── rooms ───────────────────────────────────────────────────────────────────────────────────────────
INSTALLED_APPS = [
    "crm.core.adminapp.Admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "crm.core.staticfiles.StaticFiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.forms",
    "django_htmx",
    "django_filters",
    "django_countries",
    "pgtrigger",
    "pghistory",
    "csp",
    "crm.core",
    "crm.accounts",
    "crm.lists",
    "crm.files",
    "crm.notices",
    "crm.papers",
    "crm.imports",
    "crm.mail",
    "crm.setup",
    "crm.api",
    "contacts",
    "opportunities",
    "inbox",
    "crm.sales",
    "crm.accounting",
    "activities",
    "crm.demo",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "crm.accounts.middleware.preferences",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "crm.core.middleware.never_store",
    "crm.core.middleware.htmx_answers",
    "crm.core.audit.HistoryMiddleware",
    "crm.core.refusals.RefusalMiddleware",
]

ROOT_URLCONF = "crm.urls"
WSGI_APPLICATION = "crm.wsgi.application"
FORM_RENDERER = "crm.core.forms.Renderer"
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
                "crm.core.frame.context",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "crm.core.templatetags.crm",
            ],
        },
    }
]

# ── database, cache, jobs ───────────────────────────────────────────────────────────────────────────
DATABASE_URL = env.str("DATABASE_URL", default="")
REDIS_URL = env.str("REDIS_URL", default="")
if LOCAL:
    DATABASE_URL = DATABASE_URL or servers.database_url()
    REDIS_URL = REDIS_URL or servers.redis_url()
elif not (DATABASE_URL and REDIS_URL):
    raise ImproperlyConfigured("DATABASE_URL and REDIS_URL say where the servers are; one is missing.")

DATABASES = {"default": env.db_url_config(DATABASE_URL)}
DATABASES["default"]["CONN_MAX_AGE"] = env.int("DATABASE_CONN_MAX_AGE", default=60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# Without a limit one stuck statement or lock holds up everyone behind it.
DATABASES["default"].setdefault("OPTIONS", {}).setdefault(
    "options",
    "-c statement_timeout=60000 -c lock_timeout=10000 -c idle_in_transaction_session_timeout=120000",
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SOFT_TIME_LIMIT = 30 * 60
CELERY_TASK_TIME_LIMIT = 31 * 60
# Longer than the longest task, or Redis hands a running one to a second worker.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 60 * 60}
CELERY_TIMEZONE = "Europe/Berlin"

# ── sign-in ─────────────────────────────────────────────────────────────────────────────────────────
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["crm.accounts.backend.Backend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14

# ── API ─────────────────────────────────────────────────────────────────────────────────────────────
# For each user; and for each address that sends wrong tokens.
API_REQUESTS_PER_MINUTE = env.int("API_REQUESTS_PER_MINUTE", default=600)
API_FAILURES_PER_MINUTE = env.int("API_FAILURES_PER_MINUTE", default=60)

# ── history ─────────────────────────────────────────────────────────────────────────────────────────
# Statement-level triggers: one history INSERT for a bulk change, not one for each row.
# The context (who, from where) is copied into each event: the timeline then needs no join.
# crm.core.triggers installs what the models declare, after every `migrate`.
PGTRIGGER_MIGRATIONS = False
PGHISTORY_LEVEL = pghistory.Statement
PGHISTORY_CONTEXT_FIELD = pghistory.ContextJSONField()
PGHISTORY_CONTEXT_ID_FIELD = pghistory.ContextUUIDField()
PGHISTORY_APPEND_ONLY = True

# ── language, time ──────────────────────────────────────────────────────────────────────────────────
LANGUAGE_CODE = "de"
LANGUAGES = [("de", "Deutsch"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
# Grouping is done where a number is shown (crm.core.show); here it would also group the ids in addresses.
USE_THOUSAND_SEPARATOR = False
USE_TZ = True
TIME_ZONE = "Europe/Berlin"
FORMAT_MODULE_PATH = ["crm.core.formats"]
# The region in which a phone number without a country code is read.
PHONE_REGION = env.str("PHONE_REGION", default="DE")

# ── files ───────────────────────────────────────────────────────────────────────────────────────────
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    *[(prefix, BASE_DIR / "node_modules" / folder) for prefix, folder in FRONT_END_PACKAGES],
]
WHITENOISE_USE_FINDERS = LOCAL
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(BASE_DIR / (".local/media" if LOCAL else "media"))))
FILE_UPLOAD_PERMISSIONS = 0o640
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
# A document of a thousand lines with nine fields each, which its editor sends as a whole.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 12_000
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if LOCAL
        else "crm.core.storage.ManifestStaticFilesStorage"
    },
}

# ── browser security ────────────────────────────────────────────────────────────────────────────────
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        # Mails, under a policy of their own (crm/mail/views/messages.py).
        "frame-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
if not LOCAL:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=60 * 60 * 24 * 365)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"

# ── mail out ────────────────────────────────────────────────────────────────────────────────────────
# On one's own machine mails are files, so that nothing leaves. In production they wait until there is a server.
if EMAIL_URL := env.str("EMAIL_URL", default=""):
    vars().update(env.email_url_config(EMAIL_URL))
elif LOCAL:
    EMAIL_BACKEND, EMAIL_FILE_PATH = "django.core.mail.backends.filebased.EmailBackend", BASE_DIR / ".local/mail"
else:
    EMAIL_BACKEND = "crm.mail.backends.NoServer"
# Seconds for each word of the mail server.
EMAIL_TIMEOUT = 30
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="crm@localhost")

# ── mail in ─────────────────────────────────────────────────────────────────────────────────────────
# Where `manage.py receive_mail` listens: by default only a mail server on the same machine reaches it.
MAIL_LISTEN_HOST = env.str("MAIL_LISTEN_HOST", default="127.0.0.1")
MAIL_LISTEN_PORT = env.int("MAIL_LISTEN_PORT", default=8025)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="WARNING")},
}
