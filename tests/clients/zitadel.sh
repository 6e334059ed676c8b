#!/usr/bin/env bash
# Go zitadel/oidc, its package rp.
set -euo pipefail
"$(dirname "${BASH_SOURCE[0]}")/go-build.sh" zitadel.go github.com/zitadel/oidc/v3@v3.52.0
SSL_CERT_FILE=$CA ./stock
