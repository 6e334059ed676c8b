#!/usr/bin/env bash
# Go zitadel/oidc, its package rp.
set -euo pipefail
cp "$(dirname "${BASH_SOURCE[0]}")/zitadel.go" main.go
# What is downloaded is gone with this folder.
export GOPATH=$PWD/go GOFLAGS=-modcacherw GOTOOLCHAIN=local
(
    go mod init doorward.test/stock
    go get github.com/zitadel/oidc/v3@v3.52.0
    go mod tidy
    go build -o stock .
) >install.log 2>&1 || { cat install.log >&2; exit 1; }
SSL_CERT_FILE=$CA ./stock
