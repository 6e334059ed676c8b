"""PyPI authlib: a confidential web application signs in with PKCE, refreshes, and signs out."""

import os
import subprocess
import urllib.parse

from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.jose import JsonWebKey, jwt
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken

env = os.environ
ISSUER, CLIENT_ID = env["ISSUER"], env["CLIENT_ID"]


def visit(url):
    command = [*env["PERSON"].split(), url, "cookies"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def claims_of(token, **params):
    keys = JsonWebKey.import_key_set(session.get(metadata["jwks_uri"], withhold_token=True).json())
    options = {"iss": {"values": [ISSUER]}, "aud": {"values": [CLIENT_ID]}}
    claims = jwt.decode(token["id_token"], keys, claims_cls=CodeIDToken, claims_options=options, claims_params=params)
    claims.validate()
    return claims


session = OAuth2Session(
    CLIENT_ID,
    env["CLIENT_SECRET"],
    scope="openid profile email offline_access",
    redirect_uri=env["REDIRECT_URI"],
    code_challenge_method="S256",
)
metadata = session.get(f"{ISSUER}/.well-known/openid-configuration", withhold_token=True).json()
assert metadata["issuer"] == ISSUER

verifier, nonce = generate_token(48), generate_token(20)
url, state = session.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
assert create_s256_code_challenge(verifier) in url
callback = visit(url)
token = session.fetch_token(
    metadata["token_endpoint"], authorization_response=callback, state=state, code_verifier=verifier
)
claims = claims_of(token, nonce=nonce, client_id=CLIENT_ID, access_token=token["access_token"])
userinfo = session.get(metadata["userinfo_endpoint"]).json()
assert userinfo["sub"] == claims["sub"] and userinfo["email"] == env["EMAIL"]

refreshed = session.refresh_token(metadata["token_endpoint"], refresh_token=token["refresh_token"])
assert refreshed["access_token"] != token["access_token"]
assert claims_of(refreshed, client_id=CLIENT_ID, access_token=refreshed["access_token"])["sub"] == claims["sub"]

goodbye = {
    "id_token_hint": refreshed["id_token"],
    "post_logout_redirect_uri": env["POST_LOGOUT_REDIRECT_URI"],
    "state": "bye",
}
ended = visit(f"{metadata['end_session_endpoint']}?{urllib.parse.urlencode(goodbye)}")
assert ended == f"{env['POST_LOGOUT_REDIRECT_URI']}?state=bye", ended
silent, _ = session.create_authorization_url(
    metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce, prompt="none"
)
answer = urllib.parse.parse_qs(urllib.parse.urlsplit(visit(silent)).query)
assert answer["error"] == ["login_required"], answer
