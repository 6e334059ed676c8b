"""An API at API is asked with tokens that it must take and with others: what it answers to each is what a guide promises.

    api-check.py [--by-introspection] [--step-up]

An API that verifies tokens by itself must refuse one of another type; one that asks the server need not, and must know at once that a token was revoked.
With --step-up it must let nobody delete notes who has not just signed in with two factors: a service has not.
Standard library only.
"""

import base64
import json
import os
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

API, ISSUER, AUDIENCE, OTHER = (os.environ[name] for name in ("API", "ISSUER", "AUDIENCE", "OTHER_AUDIENCE"))
context = ssl.create_default_context(cafile=os.environ["CA"])
handlers = [urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)]
opener = urllib.request.build_opener(*handlers)


def call(address, form=None, method=None, **headers):
    body = urllib.parse.urlencode(form).encode() if form else None
    try:
        return opener.open(urllib.request.Request(address, data=body, headers=headers, method=method), timeout=30)
    except urllib.error.HTTPError as error:
        return error


def service(path, **form):
    pair = f"{os.environ['CLIENT_ID']}:{os.environ['CLIENT_SECRET']}"
    return call(f"{ISSUER}/{path}", form, Authorization=f"Basic {base64.b64encode(pair.encode()).decode()}")


def token(audience, scope):
    answer = json.load(service("token", grant_type="client_credentials", scope=scope, resource=audience))
    return answer["access_token"]


def expect(status, what, method="GET", **headers):
    answer = call(f"{API}/notes", method=method, **headers)
    if answer.status != status:
        sys.exit(f"{what}: {answer.status} instead of {status}: {answer.read().decode()}")
    if status == 401 and not answer.headers["WWW-Authenticate"]:
        sys.exit(f"{what}: no challenge")
    return answer


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


for _ in range(100):  # until it listens
    try:
        call(f"{API}/notes")
        break
    except OSError:
        time.sleep(0.1)
right = token(AUDIENCE, "notes:read")
expect(200, "a token with the scope", **bearer(right))
expect(401, "no token")
expect(401, "no token at all", **bearer("x"))
expect(401, "another signature", **bearer(right[:-8] + "AAAAAAAA"))
expect(403, "another scope", **bearer(token(AUDIENCE, "notes:write")))
expect(401, "another API", **bearer(token(OTHER, "notes:read")))
if "--step-up" in sys.argv:
    expect(403, "no scope to delete", "DELETE", **bearer(right))
    answer = expect(401, "nobody who signed in", "DELETE", **bearer(token(AUDIENCE, "notes:write")))
    challenge = answer.headers["WWW-Authenticate"]
    classes = "phrh phr https://refeds.org/profile/mfa"
    for part in ("insufficient_user_authentication", f'acr_values="{classes}"', 'max_age="300"'):
        if part not in challenge:
            sys.exit(f"{challenge} has no {part}")
if "--by-introspection" in sys.argv:
    expect(200, "the same token", **bearer(right))
    service("revoke", token=right)
    expect(401, "a revoked token", **bearer(right))
else:
    command = [os.environ["DOORWARD"], "resource", "update", AUDIENCE, "--token-type", "jwt", "--json"]
    subprocess.run(command, cwd=os.environ["FOLDER"], check=True, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while True:  # until the server knows
        other = token(AUDIENCE, "notes:read")
        header = json.loads(base64.urlsafe_b64decode(other.split(".")[0] + "=="))
        if header["typ"] == "JWT":
            break
        if time.monotonic() > deadline:
            sys.exit("the type of the API's tokens does not change")
        time.sleep(0.1)
    expect(401, "a token of another type, as an ID token is", **bearer(other))
