#!/usr/bin/env bash
# Spring Boot's spring-boot-starter-oauth2-client, with Spring Security 6 and 7: a site signs a person in by issuer-uri, id and secret alone.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
for boot in 3.5.7 4.0.7; do
    "$here/spring/build.sh" "$boot" spring-boot-starter-oauth2-client Site.java
    "$here/filled.sh" "$here/spring/site.yaml" >"$boot/application.yaml"
    java -Djavax.net.ssl.trustStore=trust -cp "$boot:$boot/lib/*" site.Site "--server.port=${APP##*:}" >"$boot/log" 2>&1 &
    for _ in $(seq 600); do if grep -qs 'Started Site' "$boot/log" || ! kill -0 $! 2>/dev/null; then break; fi; sleep 0.1; done
    page=$($PERSON "$APP/" "$boot/cookies") || { tail -n 20 "$boot/log" >&2; exit 1; }
    [[ "$page" == *'"name":"Ann Lee"'* && "$page" == *"\"email\":\"$EMAIL\""* ]] || { printf '%s\n' "$page" >&2; exit 1; }
    echo "  Boot $boot, $(cd "$boot/lib" && ls spring-security-oauth2-client-*): signed in"
    kill $!
    wait $! || true
done
