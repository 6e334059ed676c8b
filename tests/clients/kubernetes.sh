#!/usr/bin/env bash
# Go k8s.io/apiserver, its package authenticator/token/oidc: how the Kubernetes API server reads ID tokens.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
"$here/go-build.sh" kubernetes.go k8s.io/apiserver@v0.37.2
{
    "$here/filled.sh" "$here/kubernetes.yaml"
    printf '    certificateAuthority: |\n'
    sed 's/^/      /' "$CA"
} >authentication.yaml
"$here/tokens.sh" 'openid email roles' | ./stock authentication.yaml
