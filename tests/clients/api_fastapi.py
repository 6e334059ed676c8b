"""An API in FastAPI that verifies access tokens with PyJWT."""

import json
import os
import urllib.request

import jwt
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

ISSUER, AUDIENCE = os.environ["ISSUER"], os.environ["AUDIENCE"]

with urllib.request.urlopen(f"{ISSUER}/.well-known/openid-configuration") as answer:
    keys = jwt.PyJWKClient(json.load(answer)["jwks_uri"])


def needs(scope):
    def refuse(status, challenge):
        return HTTPException(status, headers={"WWW-Authenticate": challenge})

    def verify(given: HTTPAuthorizationCredentials | None = Depends(HTTPBearer(auto_error=False))):
        if given is None:
            raise refuse(401, "Bearer")
        try:
            token = jwt.decode_complete(
                given.credentials,
                keys.get_signing_key_from_jwt(given.credentials).key,
                algorithms=["RS256", "ES256", "EdDSA"],
                issuer=ISSUER,
                audience=AUDIENCE,
                options={"require": ["iss", "aud", "exp"]},
            )
            if token["header"].get("typ") != "at+jwt":
                raise jwt.InvalidTokenError("not an access token")
        except jwt.PyJWTError:
            raise refuse(401, 'Bearer error="invalid_token"')
        if scope not in token["payload"].get("scope", "").split(" "):
            raise refuse(403, f'Bearer error="insufficient_scope", scope="{scope}"')
        return token["payload"]

    return verify


app = FastAPI()


@app.get("/notes")
def notes(token: dict = Depends(needs("notes:read"))):
    return {"of": token["sub"]}
