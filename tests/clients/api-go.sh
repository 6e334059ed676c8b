#!/usr/bin/env bash
# Go coreos/go-oidc: an API.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cp "$here/api-go.go" main.go
# What is downloaded is gone with this folder.
export GOPATH=$PWD/go GOFLAGS=-modcacherw GOTOOLCHAIN=local
(
    go mod init doorward.test/api
    go get github.com/coreos/go-oidc/v3@v3.21.0
    go mod tidy
    go build -o api .
) >install.log 2>&1 || { cat install.log >&2; exit 1; }
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
SSL_CERT_FILE=$CA ./api &
python3 "$here/api-check.py"
