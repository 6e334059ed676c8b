#!/usr/bin/env bash
# npm openid-client.
set -euo pipefail
npm install --no-audit --no-fund --loglevel=error --prefix . openid-client@6.9.0
cp "$(dirname "${BASH_SOURCE[0]}")/openid-client.mjs" .
NODE_EXTRA_CA_CERTS=$CA node openid-client.mjs
