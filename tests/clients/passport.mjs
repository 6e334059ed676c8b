// npm passport-openidconnect: a confidential web application signs a person in and knows them by the ID token alone. It sends no PKCE;
// `nonce: true` is the one setting that it needs here.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import express from 'express'
import session from 'express-session'
import passport from 'passport'
import OpenIDConnectStrategy from 'passport-openidconnect'

const { APP, ISSUER, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, PERSON, EMAIL } = process.env

const strategy = new OpenIDConnectStrategy(
  {
    issuer: ISSUER,
    authorizationURL: `${ISSUER}/authorize`,
    tokenURL: `${ISSUER}/token`,
    userInfoURL: `${ISSUER}/userinfo`,
    clientID: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    callbackURL: REDIRECT_URI,
    scope: ['profile', 'email'],
    nonce: true,
  },
  (issuer, profile, done) => done(null, profile),
)
passport.use(strategy)
passport.serializeUser((user, done) => done(null, user))
passport.deserializeUser((user, done) => done(null, user))

const app = express()
app.use(session({ secret: 'of this run', resave: false, saveUninitialized: false }), passport.session())
app.get('/login', passport.authenticate('openidconnect'))
app.get('/cb', passport.authenticate('openidconnect', { successRedirect: '/' }))
app.get('/', (request, response) => response.json(request.user))
const server = app.listen(new URL(APP).port, '127.0.0.1')

const [command, ...args] = PERSON.split(' ')
const { stdout } = await promisify(execFile)(command, [...args, `${APP}/login`, 'cookies'])
const user = JSON.parse(stdout)
assert.equal(user.displayName, 'Ann Lee')
assert.equal(user.emails[0].value, EMAIL)
server.close()
