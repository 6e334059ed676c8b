#!/usr/bin/env bash
# npm passport-openidconnect, in Express.
set -euo pipefail
npm install --no-audit --no-fund --loglevel=error --prefix . \
    passport-openidconnect@0.1.2 passport@0.7.0 express@5.3.0 express-session@1.19.0
cp "$(dirname "${BASH_SOURCE[0]}")/passport.mjs" .
NODE_EXTRA_CA_CERTS=$CA node passport.mjs
