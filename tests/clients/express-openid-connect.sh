#!/usr/bin/env bash
# npm express-openid-connect.
set -euo pipefail
npm install --no-audit --no-fund --loglevel=error --prefix . express-openid-connect@3.4.0 express@5.3.0
cp "$(dirname "${BASH_SOURCE[0]}")/express-openid-connect.mjs" .
NODE_EXTRA_CA_CERTS=$CA node express-openid-connect.mjs
