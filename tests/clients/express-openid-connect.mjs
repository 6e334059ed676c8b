// npm express-openid-connect: a confidential web application signs a person in and out. Its preset is the implicit flow;
// `response_type: 'code'` is the one setting that it needs here.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import express from 'express'
import oidc from 'express-openid-connect'

const { APP, ISSUER, CLIENT_ID, CLIENT_SECRET, PERSON, EMAIL } = process.env

const app = express()
app.use(
  oidc.auth({
    issuerBaseURL: ISSUER,
    baseURL: APP,
    clientID: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    secret: 'a long secret of this run, for cookies',
    authRequired: false,
    idpLogout: true,
    routes: { callback: '/cb', postLogoutRedirect: '/out' },
    authorizationParams: { response_type: 'code' },
  }),
)
app.get('/out', (request, response) => response.json({ out: !request.oidc.isAuthenticated() }))
app.get('/profile', oidc.requiresAuth(), (request, response) => response.json(request.oidc.user))
const server = app.listen(new URL(APP).port, '127.0.0.1')

const [command, ...args] = PERSON.split(' ')
const visit = async (path) => {
  const { stdout } = await promisify(execFile)(command, [...args, `${APP}${path}`, 'cookies'])
  return JSON.parse(stdout)
}
const user = await visit('/profile')
assert.equal(user.name, 'Ann Lee')
assert.equal(user.email, EMAIL)
assert.deepEqual(await visit('/logout'), { out: true })
server.close()
