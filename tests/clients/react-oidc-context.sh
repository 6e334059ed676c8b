#!/usr/bin/env bash
# npm react-oidc-context, built by esbuild, in Chromium.
set -euo pipefail
npm install --no-audit --no-fund --loglevel=error --prefix . \
    react-oidc-context@3.3.1 oidc-client-ts@3.5.0 react@19.3.1 react-dom@19.3.1 esbuild@0.28.2
cp "$(dirname "${BASH_SOURCE[0]}")"/{browser.mjs,react-oidc-context.mjs,react-oidc-context.jsx} .
given=()
for name in ISSUER CLIENT_ID REDIRECT_URI POST_LOGOUT_REDIRECT_URI; do given+=("--define:process.env.$name=\"${!name}\""); done
node_modules/.bin/esbuild react-oidc-context.jsx --bundle --minify --jsx=automatic --log-level=warning --outfile=app.js \
    '--define:process.env.NODE_ENV="production"' "${given[@]}"
node react-oidc-context.mjs
