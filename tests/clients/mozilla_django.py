"""PyPI mozilla-django-oidc: a Django site signs a person in. Its preset is HS256; the algorithm is the one setting that it needs here."""

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
ISSUER, APP = env["ISSUER"], env["APP"]

settings.configure(
    SECRET_KEY="of this run",
    DEBUG=True,
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "mozilla_django_oidc"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "site.sqlite3"}},
    AUTHENTICATION_BACKENDS=["mozilla_django_oidc.auth.OIDCAuthenticationBackend"],
    LOGIN_REDIRECT_URL="/",
    OIDC_OP_AUTHORIZATION_ENDPOINT=f"{ISSUER}/authorize",
    OIDC_OP_TOKEN_ENDPOINT=f"{ISSUER}/token",
    OIDC_OP_USER_ENDPOINT=f"{ISSUER}/userinfo",
    OIDC_OP_JWKS_ENDPOINT=f"{ISSUER}/.well-known/jwks.json",
    OIDC_RP_CLIENT_ID=env["CLIENT_ID"],
    OIDC_RP_CLIENT_SECRET=env["CLIENT_SECRET"],
    OIDC_RP_SIGN_ALGO="RS256",
)


def home(request):
    return JsonResponse({"signed_in": request.user.is_authenticated, "email": getattr(request.user, "email", "")})


urlpatterns = [path("", home), path("oidc/", include("mozilla_django_oidc.urls"))]

django.setup()
call_command("migrate", verbosity=0)
server = wsgiref.simple_server.make_server("127.0.0.1", int(APP.rsplit(":", 1)[1]), get_wsgi_application())
threading.Thread(target=server.serve_forever, daemon=True).start()

visit = [*env["PERSON"].split(), f"{APP}/oidc/authenticate/", "cookies"]
page = subprocess.run(visit, check=True, capture_output=True, text=True).stdout
assert page == f'{{"signed_in": true, "email": "{env["EMAIL"]}"}}\n', page
