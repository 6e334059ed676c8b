// npm oidc-client-ts: a single-page app in Chromium signs in, refreshes, and signs out. The browser is driven by chromedriver alone.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'

const { ISSUER, CLIENT_ID, REDIRECT_URI, POST_LOGOUT_REDIRECT_URI, EMAIL, PASSWORD } = process.env
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
const server = createServer((request, response) => {
  const isLibrary = request.url === '/oidc.js'
  response.setHeader('content-type', isLibrary ? 'text/javascript' : 'text/html')
  response.end(isLibrary ? library : page)
})
await new Promise((ready) => server.listen(Number(app.port), '127.0.0.1', ready))

const port = Number(app.port) + 1
const driver = spawn('chromedriver', [`--port=${port}`], { stdio: 'ignore' })
const call = async (method, path, body) => {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, body: body && JSON.stringify(body) })
  const { value } = await answer.json()
  assert.ok(answer.ok, `${path}: ${JSON.stringify(value)}`)
  return value
}
const until = async (what, tell) => {
  for (const end = Date.now() + 30_000; Date.now() < end; ) {
    const value = await tell().catch(() => null)
    if (value) return value
    await new Promise((again) => setTimeout(again, 100))
  }
  throw new Error(`waited in vain for ${what}`)
}

try {
  await until('chromedriver', async () => (await call('GET', '/status')).ready)
  const args = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage']
  const capabilities = { acceptInsecureCerts: true, 'goog:chromeOptions': { args } }
  const { sessionId } = await call('POST', '/session', { capabilities: { alwaysMatch: capabilities } })
  const session = `/session/${sessionId}`
  const element = async (css) => Object.values(await call('POST', `${session}/element`, { using: 'css selector', value: css }))[0]
  const press = async (css) => call('POST', `${session}/element/${await element(css)}/click`, {})
  const type = async (css, text) => call('POST', `${session}/element/${await element(css)}/value`, { text })
  const run = (script) => call('POST', `${session}/execute/async`, { script: wrapped(script), args: [] })
  const at = (start) => until(start, async () => (await call('GET', `${session}/url`)).startsWith(start))
  const wrapped = (script) => `const done = arguments[0]; (async () => { ${script} })().then((value) => done({ value }), (error) => done({ error: String(error) }))`
  const tell = async (script) => {
    const { value, error } = await run(script)
    assert.equal(error, undefined)
    return value
  }

  await call('POST', `${session}/url`, { url: app.origin })
  await tell('manager.signinRedirect()')
  await at(`${ISSUER}/login`)
  await type('#email', EMAIL)
  await type('#password', PASSWORD)
  await press('#login-submit')
  await at(`${ISSUER}/consent`)
  await press('#allow')
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
  await call('DELETE', session)
} finally {
  driver.kill()
  server.close()
}
