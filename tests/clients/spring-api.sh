#!/usr/bin/env bash
# Spring Boot's spring-boot-starter-oauth2-resource-server, with Spring Security 6 and 7, by issuer-uri and audiences: which tokens open an API.
# The one at $JWT_API gets tokens of type JWT, the one at $AT_JWT_API those of type at+jwt.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT

field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
person=$("$here/tokens.sh" 'openid notes:read')
id_token=$(field id_token <<<"$person") jwt=$(field access_token <<<"$person")
at_jwt=$("$here/tokens.sh" 'openid diary:read' | field access_token)
type_of() { cut -d. -f1 <<<"$1" | tr _- /+ | { cat; echo ==; } | base64 -di 2>/dev/null | field typ; }
types="$(type_of "$id_token") $(type_of "$jwt") $(type_of "$at_jwt")"
[[ "$types" == 'JWT JWT at+jwt' ]] || { echo "the types are $types" >&2; exit 1; }

# api AUDIENCE [SETTING]: starts it for that audience, or without the setting that is named.
api() {
    export API=$1
    "$here/spring/build.sh" "$boot" spring-boot-starter-oauth2-resource-server "${sources[@]}"
    "$here/filled.sh" "$here/spring/api.yaml" | grep -v "${2:-^$}" >"$boot/application.yaml"
    rm -f "$boot/log"
    java -Djavax.net.ssl.trustStore=trust -cp "$boot:$boot/lib/*" api.Api "--server.port=${APP##*:}" >"$boot/log" 2>&1 &
    for _ in $(seq 600); do if grep -qs 'Started Api' "$boot/log" || ! kill -0 $! 2>/dev/null; then break; fi; sleep 0.1; done
}

# ask STATUS PATH TOKEN WORDS: what it answers.
ask() {
    local status
    status=$(curl -s -o "$boot/answer" -w '%{http_code}' "$APP$2" -H "Authorization: Bearer $3") || true
    if [[ "$status" != "$1" ]]; then
        echo "$4: $2 answered with $status and not $1" >&2
        tail -n 20 "$boot/log" >&2
        exit 1
    fi
    echo "  Boot $boot: $4: $status"
}

stop() { kill $!; wait $! || true; }

for boot in 3.5.7 4.0.7; do
    sources=(Api.java)
    api "$JWT_API"
    echo "  Boot $boot: $(cd "$boot/lib" && ls spring-security-oauth2-jose-*)"
    ask 200 /notes "$jwt" 'stock, an access token of type JWT'
    ask 401 / "$id_token" 'stock, an ID token'
    ask 401 / "$at_jwt" "stock, another API's access token"
    stop
    api "$AT_JWT_API"
    ask 401 / "$at_jwt" 'stock, an access token of type at+jwt'
    stop
    api "$JWT_API" audiences
    ask 200 / "$id_token" 'without audiences, an ID token'
    stop
    sources=(Api.java Decoder.java)
    api "$AT_JWT_API"
    ask 200 / "$at_jwt" 'told to want at+jwt, such an access token'
    ask 403 /notes "$at_jwt" 'told to want at+jwt, such an access token without the scope'
    ask 401 / "$id_token" 'told to want at+jwt, an ID token'
    stop
    api "$JWT_API"
    ask 401 / "$jwt" 'told to want at+jwt, an access token of type JWT'
    stop
done
