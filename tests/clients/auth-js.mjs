// npm @auth/express (Auth.js): a confidential web application signs a person in, with nothing but issuer, id and secret.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { ExpressAuth } from '@auth/express'
import express from 'express'

const { APP, ISSUER, CLIENT_ID, CLIENT_SECRET, PERSON, EMAIL } = process.env

const doorward = {
  id: 'doorward',
  name: 'Doorward',
  type: 'oidc',
  issuer: ISSUER,
  clientId: CLIENT_ID,
  clientSecret: CLIENT_SECRET,
}
const app = express()
app.use('/auth', ExpressAuth({ providers: [doorward] }))
const server = app.listen(new URL(APP).port, '127.0.0.1')

// The browser, as far as the application is concerned: its cookies by name.
const cookies = new Map()
const visit = async (address, form) => {
  const headers = { cookie: [...cookies].map((pair) => pair.join('=')).join('; ') }
  const body = form && new URLSearchParams(form)
  const answer = await fetch(address, { method: form ? 'POST' : 'GET', headers, body, redirect: 'manual' })
  for (const cookie of answer.headers.getSetCookie()) {
    const [name, value] = cookie.split(';')[0].split('=')
    cookies.set(name, value)
  }
  return answer
}

const { csrfToken } = await (await visit(`${APP}/auth/csrf`)).json()
const begun = await visit(`${APP}/auth/signin/doorward`, { csrfToken, callbackUrl: APP })
const [command, ...args] = PERSON.split(' ')
// The way back is the browser's above.
const options = { encoding: 'utf8', env: { ...process.env, APP: '' } }
const callback = execFileSync(command, [...args, begun.headers.get('location'), 'cookies'], options)
const ended = await visit(callback.trim())
assert.equal(ended.status, 302)
const { user } = await (await visit(`${APP}/auth/session`)).json()
assert.deepEqual([user.name, user.email], ['Ann Lee', EMAIL])
server.close()
