#!/usr/bin/env bash
# npm oidc-client-ts, in Chromium.
set -euo pipefail
npm install --no-audit --no-fund --loglevel=error --prefix . oidc-client-ts@3.5.0
cp "$(dirname "${BASH_SOURCE[0]}")"/{browser,oidc-client-ts}.mjs .
node oidc-client-ts.mjs
