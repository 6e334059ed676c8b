#!/usr/bin/env bash
# Go oauth2-proxy, before a site that shows which headers it was given. It sends neither PKCE nor a nonce; --code-challenge-method is the one
# setting that it needs here.
set -euo pipefail
# What is downloaded is gone with this folder.
export GOPATH=$PWD/go GOBIN=$PWD GOFLAGS=-modcacherw GOTOOLCHAIN=local
go install github.com/oauth2-proxy/oauth2-proxy/v7@v7.15.6 >install.log 2>&1 || { cat install.log >&2; exit 1; }
python3 "$(dirname "${BASH_SOURCE[0]}")/headers.py" >upstream.port &
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
for _ in $(seq 100); do if [[ -s upstream.port ]]; then break; fi; sleep 0.1; done
SSL_CERT_FILE=$CA ./oauth2-proxy --provider=oidc --oidc-issuer-url="$ISSUER" --client-id="$CLIENT_ID" --client-secret="$CLIENT_SECRET" \
    --redirect-url="$REDIRECT_URI" --email-domain='*' --cookie-secret=0123456789abcdef0123456789abcdef --cookie-secure=false \
    --http-address="${APP#http://}" --upstream="http://127.0.0.1:$(cat upstream.port)" --code-challenge-method=S256 \
    >proxy.log 2>&1 &
for _ in $(seq 100); do if curl -sf "$APP/ping" >/dev/null; then break; fi; sleep 0.1; done
page=$($PERSON "$APP/oauth2/start?rd=/" cookies) || { tail -n 20 proxy.log >&2; exit 1; }
[[ "$page" == *"X-Forwarded-Email: $EMAIL"* ]] || { printf '%s\n' "$page" >&2; exit 1; }
