#!/usr/bin/env bash
# filled.sh FILE: a file that is there to be copied, with the values of this run in the places of its examples.
set -euo pipefail
sed -e "s|https://login.example.org|$ISSUER|; s|https://intranet.example.org/callback|$REDIRECT_URI|; s|https://api.example.org|${API:-}|" \
    -e "s|CLIENT_ID|$CLIENT_ID|; s|CLIENT_SECRET|$CLIENT_SECRET|" "$1"
