#!/usr/bin/env bash
# PyPI PyJWT, in FastAPI: an API.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check 'PyJWT[crypto]==2.15.1' fastapi==0.165.0 uvicorn==0.54.0
cp "$here/api_fastapi.py" .
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
SSL_CERT_FILE=$CA env/bin/uvicorn api_fastapi:app --port "$PORT" --log-level warning &
python3 "$here/api-check.py"
