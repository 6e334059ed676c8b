// npm openid-client: a confidential web application signs in with PKCE, refreshes, and signs out.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import * as client from 'openid-client'

const { ISSUER, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, POST_LOGOUT_REDIRECT_URI, PERSON, EMAIL } = process.env
const [command, ...args] = PERSON.split(' ')
const visit = (url) => new URL(execFileSync(command, [...args, url.href, 'cookies'], { encoding: 'utf8' }).trim())

const authentication = client.ClientSecretBasic(CLIENT_SECRET)
const config = await client.discovery(new URL(ISSUER), CLIENT_ID, {}, authentication)
const verifier = client.randomPKCECodeVerifier()
const [state, nonce] = [client.randomState(), client.randomNonce()]
const parameters = {
  redirect_uri: REDIRECT_URI,
  scope: 'openid profile email offline_access',
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
  state,
  nonce,
}
const callback = visit(client.buildAuthorizationUrl(config, parameters))
const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true }
const tokens = await client.authorizationCodeGrant(config, callback, checks)
const { sub } = tokens.claims()
const userinfo = await client.fetchUserInfo(config, tokens.access_token, sub)
assert.equal(userinfo.email, EMAIL)

const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token)
assert.equal(refreshed.claims().sub, sub)
assert.notEqual(refreshed.access_token, tokens.access_token)
await client.tokenRevocation(config, refreshed.refresh_token)
await assert.rejects(client.refreshTokenGrant(config, refreshed.refresh_token), { error: 'invalid_grant' })

const goodbye = { id_token_hint: refreshed.id_token, post_logout_redirect_uri: POST_LOGOUT_REDIRECT_URI, state: 'bye' }
assert.equal(visit(client.buildEndSessionUrl(config, goodbye)).href, `${POST_LOGOUT_REDIRECT_URI}?state=bye`)
const silent = visit(client.buildAuthorizationUrl(config, { ...parameters, prompt: 'none' }))
await assert.rejects(client.authorizationCodeGrant(config, silent, checks), { error: 'login_required' })
