#!/usr/bin/env bash
# npm jose, in Express: an API.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
npm install --no-audit --no-fund --loglevel=error --prefix . jose@6.2.18 express@5.3.0
cp "$here/api-express.mjs" .
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
NODE_EXTRA_CA_CERTS=$CA node api-express.mjs &
python3 "$here/api-check.py" --step-up
