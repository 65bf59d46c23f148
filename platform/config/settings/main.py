"""Settings of every process. Each knob is an environment variable with its default beside it.

Does no work at import: no folder is made, nothing is connected.
"""

from pathlib import Path

from django.utils.translation import gettext_lazy as _

from base.metrics_access import LOOPBACK
from config import env

BASE_DIR = Path(__file__).resolve().parents[3]
DATA_DIR = Path(env.text("AUSCULT_DATA_DIR", str(BASE_DIR / "var")))

# --- who may ask ---
DEBUG = env.flag("AUSCULT_DEBUG", False)
SECRET_KEY = env.text("AUSCULT_SECRET_KEY", "insecure-demo-key-set-AUSCULT_SECRET_KEY-before-real-use")
ALLOWED_HOSTS = env.listed("AUSCULT_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.listed("AUSCULT_TRUSTED_ORIGINS")
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.flag("AUSCULT_HTTPS", False)
X_FRAME_OPTIONS = "DENY"

# --- the parts ---
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "django_htmx",
    "base",
    "accounts",
    "audit",
    "annotation",
    "training",
    "inference",
]
MIDDLEWARE = [
    "base.metrics_http.count_requests",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "base.errors.DomainErrorMiddleware",
]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context.roles",
            ],
        },
    },
]

# --- where things are kept ---
DATABASES = {"default": env.database(env.text("DATABASE_URL"), DATA_DIR / "auscult.sqlite3")}
# Threads of the web process are kept (config/threads.py), and their connections with them.
DATABASES["default"] |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "base.staticfiles.WavesurferFinder",
]
# whitenoise serves from the finders, so that no collectstatic step stands between `make run` and a page.
WHITENOISE_USE_FINDERS = True
# A compressed audio file has another length than its header says: the browser then shows a wrong duration.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ("wav", "flac", "mp3", "ogg", "webm", "m4a", "png", "gz")
WHITENOISE_MIMETYPES = {".wav": "audio/wav", ".flac": "audio/flac"}

# --- language and time ---
LANGUAGE_CODE = "zh-hant"
LANGUAGES = [("zh-hant", _("Traditional Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.text("AUSCULT_TIME_ZONE", "Asia/Taipei")

# --- jobs ---
REDIS_URL = env.text("AUSCULT_REDIS_URL")
CELERY_BROKER_URL = REDIS_URL or "filesystem://localhost"
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"visibility_timeout": 12 * 3600}
    if REDIS_URL
    else {
        "data_folder_in": str(DATA_DIR / "broker" / "queue"),
        "data_folder_out": str(DATA_DIR / "broker" / "queue"),
        "control_folder": str(DATA_DIR / "broker" / "control"),
        "store_processed": False,
        # The default of one second would be the latency of every job.
        "polling_interval": 0.05,
    }
)
CELERY_TASK_IGNORE_RESULT = True  # the state of a job lives in its row
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_DEFAULT_QUEUE = "cpu"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# By the clock of the worker that has --beat: what is due is deleted where nobody dictates any more, too.
CELERY_BEAT_SCHEDULE = {
    "sessions": {
        "task": "inference.sessions_tidy",
        "schedule": 3600.0,
        "options": {"queue": "cpu", "expires": 3600},
    }
}
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")

# --- small notices between processes (never audio, never a final result) ---
CHANNEL_LAYERS = {
    "default": (
        {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            # redis-py's defaults close idle sockets after 5 s and allow 100 of them.
            "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": None, "max_connections": 5000}]},
        }
        if REDIS_URL
        else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    )
}

# --- REST ---
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Auscult",
    "VERSION": "1",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "inference.api.schema.with_api",
    ],
}

# --- Auscult itself ---
AUSCULT_BASE_MODEL = env.text("AUSCULT_BASE_MODEL", str(BASE_DIR / "models" / "auscult-base"))
AUSCULT_ENGINE_URL = env.text("AUSCULT_ENGINE_URL", "http://127.0.0.1:8801")
AUSCULT_MAX_UPLOAD_MB = env.integer("AUSCULT_MAX_UPLOAD_MB", 500, minimum=1)
AUSCULT_MAX_RECORDING_S = env.integer("AUSCULT_MAX_RECORDING_S", 4 * 3600, minimum=1)
AUSCULT_API_MAX_S = env.integer("AUSCULT_API_MAX_S", 2 * 3600, minimum=1)
# WhisperLive's clients cannot send a key: the uuid of the one that speaks for those at the named addresses.
AUSCULT_WHISPERLIVE_KEY = env.text("AUSCULT_WHISPERLIVE_KEY", "")
AUSCULT_WHISPERLIVE_ADDRESSES = env.listed("AUSCULT_WHISPERLIVE_ADDRESSES", "")
AUSCULT_LEASE_S = env.integer("AUSCULT_LEASE_S", 300, minimum=5)
AUSCULT_REVIEW_REQUIRED = env.flag("AUSCULT_REVIEW_REQUIRED", False)
AUSCULT_DOUBLE_SHARE = env.share("AUSCULT_DOUBLE_SHARE", 0.05, most=0.5)
AUSCULT_GOLD_SHARE = env.share("AUSCULT_GOLD_SHARE", 0.02, most=0.5)
AUSCULT_AGREEMENT_BOUND = env.share("AUSCULT_AGREEMENT_BOUND", 0.05)
AUSCULT_STORAGE_KEYS = env.listed("AUSCULT_STORAGE_KEY")  # the first encrypts; none: made from SECRET_KEY
AUSCULT_LIVE_KEEP_DAYS = env.integer("AUSCULT_LIVE_KEEP_DAYS", 30, minimum=1)
AUSCULT_LIVE_UNCERTAIN_ABOVE = env.share("AUSCULT_LIVE_UNCERTAIN_ABOVE", 0.1)
AUSCULT_PROMPT_TERMS = env.integer("AUSCULT_PROMPT_TERMS", 0, minimum=0)
AUSCULT_CONFIRM_BELOW = env.share("AUSCULT_CONFIRM_BELOW", 0.05)
AUSCULT_RETYPE_ABOVE = env.share("AUSCULT_RETYPE_ABOVE", 0.4)
AUSCULT_TRAIN_PROCESSES = env.integer("AUSCULT_TRAIN_PROCESSES", 1, minimum=1)
AUSCULT_SERVE_ADAPTERS = env.flag("AUSCULT_SERVE_ADAPTERS", False)
AUSCULT_TRAIN_CLUSTER = env.text("AUSCULT_TRAIN_CLUSTER", "")

# --- what is told to whoever watches over the service ---
AUSCULT_METRICS_ALLOW = env.networks("AUSCULT_METRICS_ALLOW", LOOPBACK)
AUSCULT_METRICS_TOKEN = env.text("AUSCULT_METRICS_TOKEN")
AUSCULT_METRICS_HOST = env.text("AUSCULT_METRICS_HOST", "127.0.0.1")
AUSCULT_TRACES_URL = env.text("AUSCULT_TRACES_URL")
AUSCULT_TRACES_HEADERS = env.listed("AUSCULT_TRACES_HEADERS")
AUSCULT_TRACES_SHARE = env.share("AUSCULT_TRACES_SHARE", 1.0)
AUSCULT_TRACES_TEXT = env.flag("AUSCULT_TRACES_TEXT", False)
AUSCULT_WORKER_METRICS_PORT = env.integer("AUSCULT_WORKER_METRICS_PORT", 0)
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024  # form fields; files stream to disk

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.text("AUSCULT_LOG_LEVEL", "INFO")},
    "loggers": {"httpx": {"level": "WARNING"}},  # a line for each partial text of each clinician otherwise
}
