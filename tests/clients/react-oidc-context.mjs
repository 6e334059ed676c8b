// npm react-oidc-context: what the person does in the app of react-oidc-context.jsx.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { serve, until, withBrowser } from './browser.mjs'

const { ISSUER, REDIRECT_URI, POST_LOGOUT_REDIRECT_URI, EMAIL } = process.env
const app = new URL(REDIRECT_URI)
const page = '<!doctype html><title>app</title><div id="app"></div><script src="/app.js"></script>'
const server = await serve(app, { '/': page, '/app.js': readFileSync('app.js') })

await withBrowser(Number(app.port) + 1, async ({ open, at, press, text, signIn }) => {
  const shows = (css, holds = (words) => words) =>
    until(css, async () => {
      const words = await text(css)
      return holds(words) && words
    })
  const pressWhenThere = (css) => until(css, () => press(css).then(() => true))

  await open(app.origin)
  await pressWhenThere('#sign-in')
  await signIn()
  await at(REDIRECT_URI)
  assert.equal(await shows('#name'), 'Ann Lee')
  console.log('  signed in')
  await press('#ask')
  assert.equal(await shows('#email'), EMAIL)
  console.log('  read userinfo')
  const first = await text('#token')
  await press('#renew')
  await shows('#token', (token) => token && token !== first)
  assert.equal(await shows('#name'), 'Ann Lee')
  console.log('  renewed')
  await open(app.origin)
  assert.equal(await shows('#name'), 'Ann Lee')
  await press('#sign-out')
  await at(POST_LOGOUT_REDIRECT_URI)
  await pressWhenThere('#sign-in')
  await at(`${ISSUER}/login`)
  console.log('  signed out')
}).finally(() => server.close())
