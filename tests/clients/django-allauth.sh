#!/usr/bin/env bash
# PyPI django-allauth.
set -euo pipefail
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check 'django-allauth[socialaccount]==65.21.1' Django==5.2.19
cp "$(dirname "${BASH_SOURCE[0]}")/allauth_site.py" .
REQUESTS_CA_BUNDLE=$CA env/bin/python allauth_site.py
