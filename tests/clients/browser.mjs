// Chromium, driven by chromedriver alone: what the scripts of single-page apps press and read, and the person who signs in there.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'

const { ISSUER, EMAIL, PASSWORD } = process.env

// until WHAT TELL: asks again for as long as there is no answer, or an error.
export const until = async (what, tell) => {
  let last
  for (const end = Date.now() + 30_000; Date.now() < end; ) {
    last = await tell().catch((error) => void (last = error))
    if (last) return last
    await new Promise((again) => setTimeout(again, 100))
  }
  throw new Error(`waited in vain for ${what}`)
}

// serve APP FILES: the app's pages, the one of `/` wherever there is no other.
export const serve = async (app, files) => {
  const server = createServer((request, response) => {
    const file = files[request.url] ?? files['/']
    response.setHeader('content-type', file === files['/'] ? 'text/html' : 'text/javascript')
    response.end(file)
  })
  await new Promise((ready) => server.listen(Number(app.port), '127.0.0.1', ready))
  return server
}

// withBrowser PORT DO: a browser that is gone afterwards; chromedriver listens at PORT.
export const withBrowser = async (port, use) => {
  const driver = spawn('chromedriver', [`--port=${port}`], { stdio: 'ignore' })
  const call = async (method, path, body) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, body: body && JSON.stringify(body) })
    const { value } = await answer.json()
    assert.ok(answer.ok, `${path}: ${JSON.stringify(value)}`)
    return value
  }
  try {
    await until('chromedriver', async () => (await call('GET', '/status')).ready)
    const args = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage']
    const capabilities = { acceptInsecureCerts: true, 'goog:chromeOptions': { args } }
    const { sessionId } = await call('POST', '/session', { capabilities: { alwaysMatch: capabilities } })
    const session = `/session/${sessionId}`
    const element = async (css) => Object.values(await call('POST', `${session}/element`, { using: 'css selector', value: css }))[0]
    const wrapped = (script) => `const done = arguments[0]; (async () => { ${script} })().then((value) => done({ value }), (error) => done({ error: String(error) }))`
    const page = {
      open: (url) => call('POST', `${session}/url`, { url }),
      at: (start) => until(start, async () => (await call('GET', `${session}/url`)).startsWith(start)),
      press: async (css) => call('POST', `${session}/element/${await element(css)}/click`, {}),
      type: async (css, text) => call('POST', `${session}/element/${await element(css)}/value`, { text }),
      text: async (css) => call('GET', `${session}/element/${await element(css)}/text`),
      // run SCRIPT: the value that it returns, or its error.
      run: (script) => call('POST', `${session}/execute/async`, { script: wrapped(script), args: [] }),
      tell: async (script) => {
        const { value, error } = await page.run(script)
        assert.equal(error, undefined)
        return value
      },
      signIn: async () => {
        await page.at(`${ISSUER}/login`)
        await page.type('#email', EMAIL)
        await page.type('#password', PASSWORD)
        await page.press('#login-submit')
        await page.at(`${ISSUER}/consent`)
        await page.press('#allow')
      },
    }
    await use(page)
    await call('DELETE', session)
  } finally {
    driver.kill()
  }
}
