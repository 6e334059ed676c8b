// An API in Express that verifies access tokens with npm jose.

import express from 'express'
import { createRemoteJWKSet, jwtVerify } from 'jose'

const { ISSUER, AUDIENCE, PORT } = process.env

const metadata = await (await fetch(`${ISSUER}/.well-known/openid-configuration`)).json()
const keys = createRemoteJWKSet(new URL(metadata.jwks_uri))

const needs = (scope) => async (request, response, next) => {
  const refuse = (status, challenge) => response.status(status).set('WWW-Authenticate', challenge).end()
  const [scheme, token] = (request.get('authorization') ?? '').split(' ')
  if (scheme.toLowerCase() !== 'bearer' || !token) return refuse(401, 'Bearer')
  try {
    const wanted = { issuer: ISSUER, audience: AUDIENCE, typ: 'at+jwt', requiredClaims: ['exp'] }
    request.token = (await jwtVerify(token, keys, wanted)).payload
  } catch {
    return refuse(401, 'Bearer error="invalid_token"')
  }
  const scopes = (request.token.scope ?? '').split(' ')
  if (!scopes.includes(scope)) return refuse(403, `Bearer error="insufficient_scope", scope="${scope}"`)
  next()
}

const needsSignIn = (classes, seconds) => (request, response, next) => {
  const { acr, auth_time } = request.token
  if (classes.includes(acr) && Date.now() / 1000 - auth_time <= seconds) return next()
  const wanted = `acr_values="${classes.join(' ')}", max_age="${seconds}"`
  const why = 'error="insufficient_user_authentication", error_description="Another sign-in is needed"'
  response.status(401).set('WWW-Authenticate', `Bearer ${why}, ${wanted}`).end()
}

const app = express()
app.get('/notes', needs('notes:read'), (request, response) => response.json({ of: request.token.sub }))
const twoFactors = ['phrh', 'phr', 'https://refeds.org/profile/mfa']
app.delete('/notes', needs('notes:write'), needsSignIn(twoFactors, 300), (request, response) => response.sendStatus(204))
app.listen(PORT, '127.0.0.1')
