#!/usr/bin/env bash
# PyPI authlib.
set -euo pipefail
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check authlib==1.9.10 requests
cp "$(dirname "${BASH_SOURCE[0]}")/authlib_client.py" .
REQUESTS_CA_BUNDLE=$CA env/bin/python authlib_client.py
