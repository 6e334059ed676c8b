#!/usr/bin/env bash
# Debian nginx with njs, before an API that knows nothing of tokens. nginx compares certificates with names alone, so the address is one here.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
module=/usr/lib/nginx/modules/ngx_http_js_module.so
if [[ ! -e $module ]]; then
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends nginx-light libnginx-mod-http-js >install.log 2>&1 ||
        { cat install.log >&2; exit 1; }
fi
python3 "$here/headers.py" >upstream.port 2>upstream.log &
trap 'kill $(jobs -p) 2>/dev/null || true; nginx -p . -c nginx.conf -s stop 2>/dev/null || true' EXIT
for _ in $(seq 100); do if [[ -s upstream.port ]]; then break; fi; sleep 0.1; done
cp "$here/api-nginx.js" .
printf 'proxy_set_header Authorization "Basic %s";\n' "$(printf %s "$API_CLIENT_ID:$API_CLIENT_SECRET" | base64 -w 0)" >api-nginx.secret
sed -e "s#/etc/nginx/#$PWD/#; s#/etc/ssl/certs/ca-certificates.crt#$CA#; s#https://login.example.org#${ISSUER/127.0.0.1/localhost}#" \
    -e "s#https://api.example.org#$AUDIENCE#; s#127.0.0.1:8080#127.0.0.1:$PORT#; s#127.0.0.1:9000#127.0.0.1:$(cat upstream.port)#" \
    "$here/api-nginx.conf" >site.conf
cat >nginx.conf <<END
load_module $module;
pid $PWD/nginx.pid;
error_log $PWD/error.log;
events {}
http { access_log off; include $PWD/site.conf; }
END
nginx -p . -c nginx.conf
python3 "$here/api-check.py" --by-introspection || { tail -n 20 error.log >&2; exit 1; }
