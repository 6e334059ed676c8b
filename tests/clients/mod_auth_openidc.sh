#!/usr/bin/env bash
# Debian's libapache2-mod-auth-openidc in its Apache (`tests/run --long` installs both), before a site that shows which headers it was given.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
python3 "$here/headers.py" >upstream.port 2>upstream.log &
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
for _ in $(seq 100); do if [[ -s upstream.port ]]; then break; fi; sleep 0.1; done
cat >apache.conf <<CONF
ServerRoot /usr/lib/apache2
ServerName 127.0.0.1
Listen ${APP#http://}
DefaultRuntimeDir $PWD
PidFile $PWD/pid
Mutex file:$PWD
ErrorLog $PWD/log
User www-data
Group www-data
$(for module in mpm_event authn_core authz_core authz_user proxy proxy_http auth_openidc; do
    echo "LoadModule ${module}_module modules/mod_$module.so"
done)
# How the test's authority is trusted.
OIDCCABundlePath $CA
ProxyPass / http://127.0.0.1:$(cat upstream.port)/
$("$here/filled.sh" "$here/mod_auth_openidc.conf")
# Where one lands after signing out.
<Location /out>
    AuthType None
    Require all granted
</Location>
CONF
chmod o+x .. . # Apache gives up root
echo "  $(dpkg-query --show -f '${Package} ${Version}' libapache2-mod-auth-openidc)"
/usr/sbin/apache2 -f "$PWD/apache.conf" -D FOREGROUND &
for _ in $(seq 100); do if curl -s -o /dev/null "$APP/out"; then break; fi; sleep 0.1; done
visit() { $PERSON "$1" cookies || { tail -n 20 log >&2; exit 1; }; }
# shows PAGE: it has the person's headers.
shows() { [[ "$1" == *"OIDC_CLAIM_email: $EMAIL"* && "$1" == *'OIDC_CLAIM_name: Ann Lee'* ]]; }
page=$(visit "$APP/")
shows "$page" || { printf '%s\n' "$page" >&2; exit 1; }
shows "$(PASSWORD=forgotten visit "$APP/")" || { echo 'the session did not last' >&2; exit 1; }
echo '  signed in'
page=$(visit "$REDIRECT_URI?logout=$POST_LOGOUT_REDIRECT_URI")
[[ "$page" == *Host:* ]] || { printf '%s\n' "$page" >&2; exit 1; }
if PASSWORD=forgotten $PERSON "$APP/" cookies >/dev/null 2>&1; then echo 'a session is left' >&2; exit 1; fi
echo '  signed out'
