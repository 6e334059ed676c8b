#!/usr/bin/env bash
# Go coreos/go-oidc with golang.org/x/oauth2.
set -euo pipefail
cp "$(dirname "${BASH_SOURCE[0]}")/go-oidc.go" main.go
# What is downloaded is gone with this folder.
export GOPATH=$PWD/go GOFLAGS=-modcacherw GOTOOLCHAIN=local
(
    go mod init doorward.test/stock
    go get github.com/coreos/go-oidc/v3@v3.21.0
    go mod tidy
    go build -o stock .
) >install.log 2>&1 || { cat install.log >&2; exit 1; }
SSL_CERT_FILE=$CA ./stock
