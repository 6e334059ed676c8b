#!/usr/bin/env bash
# Go k8s.io/apiserver, its package authenticator/token/oidc: how the Kubernetes API server reads ID tokens.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cp "$here/kubernetes.go" main.go
# What is downloaded is gone with this folder.
export GOPATH=$PWD/go GOFLAGS=-modcacherw GOTOOLCHAIN=local
(
    go mod init doorward.test/stock
    go get k8s.io/apiserver@v0.37.2
    go mod tidy
    go build -o stock .
) >install.log 2>&1 || { cat install.log >&2; exit 1; }
{
    sed -e "s|https://login.example.org|$ISSUER|; s|CLIENT_ID|$CLIENT_ID|" "$here/kubernetes.yaml"
    printf '    certificateAuthority: |\n'
    sed 's/^/      /' "$CA"
} >authentication.yaml
"$here/tokens.sh" 'openid email roles' | ./stock authentication.yaml
