#!/usr/bin/env bash
# npm @auth/express: Auth.js.
set -euo pipefail
npm install --no-audit --no-fund --loglevel=error --prefix . @auth/express@0.12.3 express@5.3.0
cp "$(dirname "${BASH_SOURCE[0]}")/auth-js.mjs" .
NODE_EXTRA_CA_CERTS=$CA AUTH_SECRET='of this run' AUTH_TRUST_HOST=true node auth-js.mjs
