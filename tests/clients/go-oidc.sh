#!/usr/bin/env bash
# Go coreos/go-oidc with golang.org/x/oauth2.
set -euo pipefail
"$(dirname "${BASH_SOURCE[0]}")/go-build.sh" go-oidc.go github.com/coreos/go-oidc/v3@v3.21.0
SSL_CERT_FILE=$CA ./stock
