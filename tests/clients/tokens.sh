#!/usr/bin/env bash
# tokens.sh SCOPE: signs the person in by curl alone and prints what the token endpoint answers, for scripts that try what an API takes.
set -euo pipefail
request=response_type=code\&client_id=$CLIENT_ID\&redirect_uri=$REDIRECT_URI\&nonce=n-$RANDOM\&scope=${1// /%20}
end=$($PERSON "$ISSUER/authorize?$request" cookies)
[[ "$end" == *code=* ]] || { echo "signing in ended at $end" >&2; exit 1; }
code=${end#*code=}
curl -sS --fail-with-body --cacert "$CA" -u "$CLIENT_ID:$CLIENT_SECRET" "$ISSUER/token" \
    -d grant_type=authorization_code -d "code=${code%%&*}" -d "redirect_uri=$REDIRECT_URI"
