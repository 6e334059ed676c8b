// npm oidc-client-ts: a single-page app in Chromium signs in, refreshes, and signs out.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { serve, withBrowser } from './browser.mjs'

const { ISSUER, CLIENT_ID, REDIRECT_URI, POST_LOGOUT_REDIRECT_URI, EMAIL } = process.env
const app = new URL(REDIRECT_URI)

// The app: one page at every address, with the library beside it.
const library = readFileSync('node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js')
const settings = {
  authority: ISSUER,
  client_id: CLIENT_ID,
  redirect_uri: REDIRECT_URI,
  post_logout_redirect_uri: POST_LOGOUT_REDIRECT_URI,
  scope: 'openid profile email offline_access',
  loadUserInfo: true,
}
const page = `<!doctype html><title>app</title><script src="/oidc.js"></script>
<script>window.manager = new oidc.UserManager(${JSON.stringify(settings)})</script>`
const server = await serve(app, { '/': page, '/oidc.js': library })

await withBrowser(Number(app.port) + 1, async ({ open, at, run, tell, signIn }) => {
  await open(app.origin)
  await tell('manager.signinRedirect()')
  await signIn()
  await at(REDIRECT_URI)
  const user = await tell('const user = await manager.signinCallback(); return { profile: user.profile, token: user.access_token }')
  assert.equal(user.profile.email, EMAIL)

  const refreshed = await tell('const user = await manager.signinSilent(); return { profile: user.profile, token: user.access_token }')
  assert.equal(refreshed.profile.sub, user.profile.sub)
  assert.notEqual(refreshed.token, user.token)

  await tell("manager.signoutRedirect({ state: 'bye' })")
  await at(POST_LOGOUT_REDIRECT_URI)
  assert.equal(await tell('const ended = await manager.signoutCallback(); return ended.userState'), 'bye')
  await tell("manager.signinRedirect({ prompt: 'none' })")
  await at(REDIRECT_URI)
  const { error } = await run('await manager.signinCallback()')
  assert.match(error, /login_required|must sign in/)
}).finally(() => server.close())
