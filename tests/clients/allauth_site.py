"""PyPI django-allauth: a Django site signs a person in. It sends neither PKCE nor a nonce; `OAUTH_PKCE_ENABLED` is the one setting that it
needs here."""

import os
import subprocess
import threading
import wsgiref.simple_server

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import include, path

env = os.environ
APP = env["APP"]

settings.configure(
    SECRET_KEY="of this run",
    DEBUG=True,
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "allauth",
        "allauth.account",
        "allauth.socialaccount",
        "allauth.socialaccount.providers.openid_connect",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "allauth.account.middleware.AccountMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
        }
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "site.sqlite3"}},
    AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"],
    LOGIN_REDIRECT_URL="/",
    # The person's press on "Sign in with Doorward" is left out here.
    SOCIALACCOUNT_LOGIN_ON_GET=True,
    SOCIALACCOUNT_PROVIDERS={
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": "doorward",
                    "name": "Doorward",
                    "client_id": env["CLIENT_ID"],
                    "secret": env["CLIENT_SECRET"],
                    "settings": {"server_url": env["ISSUER"]},
                }
            ],
        }
    },
)


def home(request):
    return JsonResponse({"signed_in": request.user.is_authenticated, "email": getattr(request.user, "email", "")})


django.setup()
urlpatterns = [path("", home), path("accounts/", include("allauth.urls"))]

call_command("migrate", verbosity=0)
server = wsgiref.simple_server.make_server("127.0.0.1", int(APP.rsplit(":", 1)[1]), get_wsgi_application())
threading.Thread(target=server.serve_forever, daemon=True).start()

visit = [*env["PERSON"].split(), f"{APP}/accounts/oidc/doorward/login/", "cookies"]
page = subprocess.run(visit, check=True, capture_output=True, text=True).stdout
assert page == f'{{"signed_in": true, "email": "{env["EMAIL"]}"}}\n', page
