#!/usr/bin/env bash
# PyPI mozilla-django-oidc.
set -euo pipefail
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check mozilla-django-oidc==5.0.2 Django==5.2.19
cp "$(dirname "${BASH_SOURCE[0]}")/mozilla_django.py" .
REQUESTS_CA_BUNDLE=$CA env/bin/python mozilla_django.py
