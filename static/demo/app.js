/**
 * Doorward's sample single-page app: authorization code flow with PKCE (RFC 9700 §2.1), an ID token that is really verified
 * (OpenID Connect Core §3.1.3.7), one access token per audience (RFC 8707), refresh with rotation, and sign-out.
 *
 * Everything lives in sessionStorage because the flow leaves the page and comes back, and so that you can look at it. That is
 * readable by any script of this origin: hence the strict CSP, and no HTML is ever made from data.
 */

/** A failure with a code for machines and words for people; `step` is the one of the five that failed. */
class Problem extends Error {
  constructor(code, words, { description = "", step } = {}) {
    super(words);
    Object.assign(this, { code, description, step });
  }
}

const store = {
  get: (name) => JSON.parse(sessionStorage.getItem(name)),
  set: (name, value) => sessionStorage.setItem(name, JSON.stringify(value)),
  take(name) {
    const value = this.get(name);
    sessionStorage.removeItem(name);
    return value;
  },
};

/** @returns what a tab without a session knows: tokens by audience; of the refresh tokens, the last three, the current one last. */
const nobody = () => ({ idToken: null, nonce: null, checks: [], access: {}, refreshTokens: [], profile: null, apiCalled: false });

let config;
let discovery;
let session = store.get("session") ?? nobody();
let mode = "out";
let story = [];
let failedStep = null;
let workingStep = 3;

// ---------------------------------------------------------------- bytes and tokens

const utf8 = (text) => new TextEncoder().encode(text);
const base64url = (bytes) => btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const fromBase64url = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (char) => char.charCodeAt(0));
const sha256 = async (text) => new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(text)));
const randomText = () => base64url(crypto.getRandomValues(new Uint8Array(32)));
const now = () => Date.now() / 1000;

/** Takes a JWT apart. This verifies nothing. */
function decode(jwt) {
  const [head, body, signature] = jwt.split(".");
  const json = (part) => JSON.parse(new TextDecoder().decode(fromBase64url(part)));
  return { header: json(head), claims: json(body), signed: utf8(`${head}.${body}`), signature: fromBase64url(signature) };
}

/** @returns the token taken apart, or null for one that is no JWT: access tokens are the API's business, and may be opaque. */
function peek(jwt) {
  try {
    return decode(jwt);
  } catch {
    return null;
  }
}

const secondsLeft = (jwt) => (peek(jwt)?.claims.exp ?? Infinity) - now();

// ---------------------------------------------------------------- HTTP

const SECRET = new Set(["code", "code_verifier", "code_challenge", "state", "nonce", "refresh_token", "token", "id_token_hint"]);

/** Parameters as people read them, secrets left out. */
const readable = (params) => [...params].map(([name, value]) => `${name}=${SECRET.has(name) ? "…" : value}`).join("&");

function readableUrl(address) {
  const url = new URL(address, location.href);
  return url.origin + url.pathname + (url.search && `?${readable(url.searchParams)}`);
}

function record(entry) {
  const log = [...(store.get("log") ?? []), entry].slice(-150);
  store.set("log", log);
  renderLog(log);
}

/**
 * One HTTP exchange, written to the log.
 * @returns {Promise<{ok: boolean, status: number, body: any, challenge: string | null}>}
 */
async function exchange(url, words, { form, bearer } = {}) {
  const entry = { method: form ? "POST" : "GET", url: readableUrl(url), form: form && readable(form), words };
  const headers = { accept: "application/json", ...(bearer && { authorization: `Bearer ${bearer}` }) };
  const options = { method: entry.method, body: form, headers, credentials: "omit", cache: "no-store", redirect: "error" };
  let response, text;
  try {
    response = await fetch(url, { ...options, signal: AbortSignal.timeout(15000) });
    text = await response.text();
  } catch {
    record({ ...entry, status: "—", bad: true, words: `${words} No answer came.` });
    throw new Problem("unreachable", `There is no answer from ${new URL(url, location.href).origin}. Is “doorward demo” still running?`);
  }
  const { ok, status } = response;
  const body = parse(text);
  const refusal = ok ? "" : ` Refused: ${body?.error ?? "no reason given"}.`;
  record({ ...entry, status, bad: !ok, words: words + refusal });
  return { ok, status, body, challenge: response.headers.get("www-authenticate") };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Fetches what the page cannot go on without. */
async function fetchFact(url, words) {
  const { ok, status, body } = await exchange(url, words);
  if (!ok || typeof body !== "object") throw new Problem("configuration", `${url} answered with HTTP ${status} instead of JSON.`);
  return body;
}

// ---------------------------------------------------------------- the authorization request and its answer

/** Leaves the page; the promise never settles, so nothing after it runs. */
function leave(url, words) {
  record({ method: "GET", url: readableUrl(url), status: "→", words });
  location.assign(url);
  return new Promise(() => {});
}

/** Starts a sign-in for a token with this audience; `silent` ones must come back without a question asked (prompt=none). */
async function authorize(audience, { silent = false, resume = null } = {}) {
  const pending = { state: randomText(), nonce: randomText(), verifier: randomText(), audience, silent, resume };
  store.set("pending", pending);
  const url = new URL(discovery.authorization_endpoint);
  const params = {
    response_type: "code",
    client_id: config.client_id,
    redirect_uri: config.redirect_uri,
    scope: config.scope,
    state: pending.state,
    nonce: pending.nonce,
    code_challenge: base64url(await sha256(pending.verifier)),
    code_challenge_method: "S256",
    ...(silent && { prompt: "none" }),
  };
  for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value);
  // Both audiences are asked for at once; which one a token is for is chosen when it is fetched (RFC 8707 §2.2).
  if (audience !== config.issuer) for (const resource of [config.resource, config.issuer]) url.searchParams.append("resource", resource);
  return leave(url, silent ? "Asks Doorward for another code, without a question to you." : "Sends you to Doorward to sign in.");
}

const REFUSALS = {
  access_denied: ["You said no, so this app got nothing. That is how it should be.", 2],
  login_required: ["Doorward does not know you any more: your session there has ended. Please sign in again.", 1],
  consent_required: ["Doorward has to ask for your consent. Please sign in again.", 2],
  interaction_required: ["Doorward has to ask you something. Please sign in again.", 1],
};

/** Checks the answer at the redirect URI before anything in it is believed: first that it is ours, then what it says. */
function checkAnswer(params, pending) {
  if (!pending || params.get("state") !== pending.state) {
    throw new Problem("state_mismatch", "This answer belongs to no sign-in of this tab, so it was ignored. Please start from here.", { step: 3 });
  }
  if (params.get("iss") !== config.issuer) {
    throw new Problem("issuer_mismatch", "This answer does not name the issuer that was asked, so it was ignored.", { step: 3 });
  }
  const error = params.get("error");
  if (error) {
    const [words, step] = REFUSALS[error] ?? ["Doorward refused the request.", 1];
    throw new Problem(error, words, { description: params.get("error_description") ?? "", step });
  }
  if (!params.get("code")) throw new Problem("code_missing", "The answer holds neither a code nor an error.", { step: 3 });
}

/** Back from Doorward: checks the answer, exchanges the code, verifies the ID token. */
async function finishSignIn(params) {
  const pending = store.take("pending");
  checkAnswer(params, pending);
  if (!pending.silent) show("working", 3);
  const form = new URLSearchParams({
    grant_type: "authorization_code",
    code: params.get("code"),
    redirect_uri: config.redirect_uri,
    client_id: config.client_id,
    code_verifier: pending.verifier,
    resource: pending.audience,
  });
  const answer = await exchange(discovery.token_endpoint, "The code and its PKCE verifier are exchanged for tokens.", { form });
  if (!answer.ok) throw refusedBy(answer, "Doorward did not accept the code.", 3);
  if (!answer.body.id_token) throw new Problem("id_token_missing", "No ID token came with the answer.", { step: 4 });
  if (!pending.silent) show("working", 4);
  await accept(answer.body, pending.audience, { nonce: pending.nonce });
  if (pending.resume) await ACTIONS[pending.resume]();
}

const refusedBy = ({ status, body }, words, step) =>
  new Problem(body?.error ?? `http_${status}`, words, { description: body?.error_description ?? "", step });

// ---------------------------------------------------------------- tokens

/** Takes in a token answer; an ID token in it must pass every check first. */
async function accept(tokens, audience, expected) {
  if (tokens.id_token) {
    const checks = await verifyIdToken(tokens.id_token, tokens.access_token, expected);
    if (!checks.every((check) => check.ok)) {
      session = { ...nobody(), checks };
      save();
      throw new Problem("id_token_invalid", "The ID token did not pass every check, so nobody was signed in.", { step: 4 });
    }
    const before = session.idToken && peek(session.idToken).claims.sub;
    // Someone else may have signed in at Doorward meanwhile: nothing of the first person may stay.
    if (before !== decode(tokens.id_token).claims.sub) session = nobody();
    Object.assign(session, { idToken: tokens.id_token, checks, nonce: expected.nonce });
  }
  session.access[audience] = tokens.access_token;
  if (tokens.refresh_token) session.refreshTokens = [...session.refreshTokens, tokens.refresh_token].slice(-3);
  save();
}

function save() {
  store.set("session", session);
}

/**
 * An access token for this audience: the one held, a refreshed one, or, without a refresh token, one from a silent
 * authorization request, which leaves the page and goes on with the action `resume` when it is back.
 */
async function tokenFor(audience, resume) {
  const held = session.access[audience];
  if (held && secondsLeft(held) > 10) return held;
  if (session.refreshTokens.length) return refresh(audience);
  return authorize(audience, { silent: true, resume });
}

let queue = Promise.resolve();
const refreshing = new Map();

/** One task at a time: two uses of one refresh token would look like theft. */
function exclusively(task) {
  const run = queue.then(task);
  queue = run.catch(() => {});
  return run;
}

/** Refreshes; callers that want the same audience at the same time share one answer. */
function refresh(audience) {
  if (!refreshing.has(audience)) {
    const run = exclusively(() => rotate(audience)).finally(() => refreshing.delete(audience));
    refreshing.set(audience, run);
  }
  return refreshing.get(audience);
}

const present = (refreshToken, audience, words) =>
  exchange(discovery.token_endpoint, words, {
    form: new URLSearchParams({ grant_type: "refresh_token", refresh_token: refreshToken, client_id: config.client_id, resource: audience }),
  });

/** Uses the current refresh token once. Only within [exclusively]. */
async function rotate(audience) {
  const current = session.refreshTokens.at(-1);
  if (!current) throw new Problem("session_ended", "The session has ended.");
  const answer = await present(current, audience, `The refresh token is exchanged for an access token for ${nameOf(audience)}.`);
  if (answer.body?.error === "invalid_grant") endSession("Doorward no longer accepts this app’s refresh token, so the tokens were dropped here.");
  if (!answer.ok) throw refusedBy(answer, "Doorward did not refresh the tokens.");
  const { sub } = decode(session.idToken).claims;
  await accept(answer.body, audience, { nonce: session.nonce, sub });
  return session.access[audience];
}

const nameOf = (audience) => (audience === config.issuer ? "userinfo" : "the API");

/** Drops everything, says why, and stops what is under way. */
function endSession(words, what = []) {
  session = nobody();
  save();
  story = [words, ...what];
  show("ended");
  scrollTo(0, 0);
  $("headline").focus();
  throw new Problem("session_ended", words);
}

// ---------------------------------------------------------------- the ID token

let jwks = null;

/** The public key with this id; the set is fetched again once for an id that is not in it, since keys rotate. */
async function publicKey(kid) {
  const find = () => jwks?.keys.find((key) => key.kid === kid && key.kty === "RSA" && (key.use ?? "sig") === "sig");
  if (!find()) jwks = await fetchFact(discovery.jwks_uri, "Fetches Doorward’s public keys.");
  const { kty, n, e } = find() ?? {};
  return n && crypto.subtle.importKey("jwk", { kty, n, e }, { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, false, ["verify"]);
}

async function signatureHolds({ header, signed, signature }) {
  // The algorithm is ours to choose, never the token's: "none" or an HMAC over the public key must not pass.
  if (header.alg !== "RS256" || header.crit) return false;
  const key = await publicKey(header.kid);
  return Boolean(key) && crypto.subtle.verify("RSASSA-PKCS1-v1_5", key, signature, signed);
}

/**
 * OpenID Connect Core §3.1.3.7, and §12.2 for one that came with a refresh: then `expected.sub` is set, and the nonce may be missing.
 * @returns {Promise<{name: string, ok: boolean, words: string}[]>}
 */
async function verifyIdToken(idToken, accessToken, expected) {
  const token = peek(idToken);
  if (!token) return [{ name: "Form", ok: false, words: "It is no JWT." }];
  const { header, claims } = token;
  const atHash = base64url((await sha256(accessToken)).slice(0, 16));
  const nonce = claims.nonce === expected.nonce || (expected.sub && claims.nonce === undefined);
  const checks = [
    ["Signature", await signatureHolds(token), `${header.alg}, by Doorward’s key ${String(header.kid).slice(0, 12)}…`],
    ["iss", claims.iss === config.issuer, `Issued by ${claims.iss}, as expected from the discovery document.`],
    ["aud", claims.aud === config.client_id, "Meant for this app: the audience is its client_id."],
    ["exp", claims.exp > now(), `Valid until ${clock(claims.exp)}.`],
    ["nonce", nonce, "Answers the sign-in that this tab began: it cannot be one from elsewhere."],
    ["at_hash", claims.at_hash === atHash, "Belongs to the access token that came with it."],
  ];
  if (expected.sub) checks.push(["sub", claims.sub === expected.sub, "Still the same person as before the refresh."]);
  return checks.map(([name, ok, words]) => ({ name, ok: Boolean(ok), words }));
}

// ---------------------------------------------------------------- what the buttons do

/** Calls with the token for this audience; a 401 is answered once with a fresh token. */
async function callWith(audience, url, words, resume) {
  const answer = await exchange(url, words, { bearer: await tokenFor(audience, resume) });
  if (answer.status !== 401) return answer;
  delete session.access[audience];
  save();
  if (!session.refreshTokens.length) return answer;
  return exchange(url, `${words} Once more, with a fresh token.`, { bearer: await refresh(audience) });
}

const ACTIONS = {
  "sign-in": () => authorize(config.resource),

  async "call-api"() {
    const answer = await callWith(config.resource, config.api, "Calls the API with its access token.", "call-api");
    session.apiCalled ||= answer.ok;
    save();
    renderResult("api-result", answer);
    say(answer.ok ? "The API answered." : `The API refused with HTTP ${answer.status}.`);
  },

  async "call-userinfo"() {
    const answer = await callWith(config.issuer, discovery.userinfo_endpoint, "Asks Doorward who you are.", "call-userinfo");
    renderResult("userinfo-result", answer);
    if (!answer.ok) return say(`Userinfo refused with HTTP ${answer.status}.`);
    // OpenID Connect Core §5.3.2: an answer about somebody else must not be used.
    if (answer.body.sub !== decode(session.idToken).claims.sub) throw new Problem("sub_mismatch", "Userinfo speaks of somebody else than the ID token.");
    session.profile = answer.body;
    save();
    say("Userinfo answered.");
  },

  async refresh() {
    const old = session.refreshTokens.at(-1);
    await refresh(config.resource);
    renderRotation(old, session.refreshTokens.at(-1));
    say("Refreshed: there is a new access token.");
  },

  reuse: () => exclusively(reuse),

  "sign-out"() {
    const url = new URL(discovery.end_session_endpoint);
    const state = randomText();
    const params = { id_token_hint: session.idToken, client_id: config.client_id, post_logout_redirect_uri: config.post_logout_redirect_uri, state };
    for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value);
    sessionStorage.clear();
    store.set("logout", state);
    return leave(url, "Sends you to Doorward to sign out.");
  },

  async forget() {
    const token = session.refreshTokens.at(-1);
    const url = discovery.revocation_endpoint;
    const form = new URLSearchParams({ token, token_type_hint: "refresh_token", client_id: config.client_id });
    session = nobody();
    save();
    show("out");
    say("The tokens are forgotten.");
    if (token && url) await exchange(url, "The refresh token is revoked: nobody can use it any more.", { form });
  },
};

/** What a thief's copy would bring about: a refresh token from two rotations ago is used again, then everything else is tried. */
async function reuse() {
  // A token that was only just replaced may be a lost answer, which Doorward forgives for a short time. Two rotations rule that out.
  // One of them is for userinfo, so that its access token can be tried below.
  while (session.refreshTokens.length < 3 || !session.access[config.issuer]) {
    await rotate(session.access[config.issuer] ? config.resource : config.issuer);
  }
  const bearer = session.access[config.issuer];
  const [stolen, , newest] = session.refreshTokens;
  const answers = [
    await present(stolen, config.resource, "A refresh token from two rotations ago is used again."),
    await present(newest, config.resource, "The newest refresh token is tried."),
    await exchange(discovery.userinfo_endpoint, "The newest access token is tried.", { bearer }),
  ];
  if (answers[0].ok) throw new Problem("reuse_accepted", "Doorward accepted a refresh token for the second time. It should not have.");
  const [again, last, access] = answers.map(({ ok, status, body }) =>
    ok ? "it was accepted" : `HTTP ${status}${body?.error ? `, ${body.error}` : ""}${body?.error_description ? ` (“${body.error_description}”)` : ""}`);
  endSession("A used refresh token came back. Doorward cannot tell the thief from the robbed, so it ended everything that came of this sign-in.", [
    `The old refresh token ${start(stolen)}, replaced two rotations ago: ${again}.`,
    `The newest one, ${start(newest)}, which nobody had used yet: ${last}.`,
    `Userinfo, with an access token that had ${duration(secondsLeft(bearer))} left: ${access}.`,
  ]);
}

const start = (token) => `${token.slice(0, 6)}…`;

/** Runs a task, and shows what goes wrong. While it runs, its button does nothing. */
async function attempt(task, button) {
  if (button?.hasAttribute("aria-disabled")) return;
  button?.setAttribute("aria-disabled", "true");
  renderProblem(null);
  try {
    await task();
  } catch (problem) {
    if (problem.code !== "session_ended") renderProblem(problem);
  } finally {
    button?.removeAttribute("aria-disabled");
    if (config) render();
  }
}

let retryAt = 0;

/** Every second: turns the clocks, and renews a token a minute before its end. A timer set for then would sleep with the computer. */
function tick() {
  for (const time of document.querySelectorAll("time[data-exp]")) time.textContent = expiry(Number(time.dataset.exp));
  if (mode !== "in" || !session.refreshTokens.length || now() < retryAt || refreshing.size) return;
  const due = Object.keys(session.access).find((audience) => isDue(session.access[audience]));
  if (!due) return;
  retryAt = now() + 30;
  refresh(due).then(() => { retryAt = 0; }, () => {}).finally(render);
}

function isDue(jwt) {
  const { exp, iat } = peek(jwt)?.claims ?? {};
  return exp - now() < Math.min(60, (exp - iat) / 2);
}

// ---------------------------------------------------------------- the view

const $ = (id) => document.getElementById(id);

function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString();

function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

const expiry = (exp) => (exp > now() ? `${new Date(exp * 1000).toLocaleString()}, in ${duration(exp - now())}` : `${new Date(exp * 1000).toLocaleString()}: expired`);

let silence;

/** Says something for a moment, aloud to screen readers. */
function say(words) {
  clearTimeout(silence);
  $("status").textContent = words;
  silence = setTimeout(() => { $("status").textContent = ""; }, 5000);
}

function show(next, step) {
  mode = next;
  failedStep = null;
  if (step) workingStep = step;
  render();
}

const person = () => session.profile?.name ?? session.profile?.email ?? peek(session.idToken)?.claims.name ?? null;

const HERO = {
  out: () => ["Watch a sign-in, step by step.", `This is a small sample app at ${location.host}. It keeps no passwords and no list of users: it sends you to Doorward, the authorization server at ${new URL(config.issuer).host}, and gets back signed tokens that say who you are and what you allowed.`],
  working: () => ["Finishing the sign-in…", ["The code is being exchanged for tokens.", "The ID token is being verified."][workingStep - 3]],
  in: () => person()
    ? [`Hello, ${person()}.`, "Doorward vouched for you. The tokens are below, taken apart; what is left to do is to use them."]
    : ["You are signed in.", "Doorward vouched for you with an ID token that holds an id and no more. Call userinfo below to learn the name, or the API, with the access token."],
  ended: () => ["The session has ended.", story[0]],
  left: () => ["You are signed out.", "Here and at Doorward: its session has ended, and so have the tokens that came of it. The next sign-in asks for your password."],
};

function render() {
  const signedIn = mode === "in";
  const [headline, lede] = HERO[mode]();
  document.body.dataset.state = mode;
  document.title = `${headline.replace(/[.…]$/, "")} · Doorward demo`;
  setText("headline", headline);
  setText("lede", lede);
  setText("who", signedIn ? `Signed in as ${session.profile?.email ?? person() ?? peek(session.idToken)?.claims.sub}` : "Not signed in");
  setText("sign-in", mode === "ended" || mode === "left" ? "Sign in again" : "Sign in");
  const refreshes = signedIn && session.refreshTokens.length > 0;
  reveal({
    "sign-in": !signedIn && mode !== "working" && Boolean(discovery),
    "hint": mode === "out" && Boolean(discovery),
    "sign-out": signedIn && Boolean(discovery?.end_session_endpoint),
    "leaving": signedIn && Boolean(discovery?.end_session_endpoint),
    "forget": signedIn,
    "story": mode === "ended" && story.length > 1,
    "checks-section": session.checks.length > 0,
    "call-section": signedIn,
    "tokens-section": signedIn,
    "refresh-section": refreshes,
    "api-hint": signedIn && !refreshes && !session.access[config.resource],
    "userinfo-hint": signedIn && !refreshes && !session.access[config.issuer],
  });
  $("story").replaceChildren(...story.slice(1).map((words) => el("li", {}, words)));
  for (const id of ["api-hint", "userinfo-hint"]) setText(id, "A token for this audience is not at hand: the page leaves for a moment to fetch one, and comes straight back.");
  if (!signedIn) clearResults();
  renderSteps();
  renderChecks();
  renderToken("id-token", session.idToken);
  renderToken("api-token", session.access[config.resource]);
  renderToken("userinfo-token", session.access[config.issuer]);
}

function setText(id, text) {
  if ($(id).textContent !== text) $(id).textContent = text;
}

function reveal(visible) {
  for (const [id, yes] of Object.entries(visible)) $(id).hidden = !yes;
}

function clearResults() {
  reveal({ "api-result": false, "userinfo-result": false });
  setText("rotation", "");
}

function renderSteps() {
  const current = failedStep ?? { out: 1, working: workingStep, in: session.apiCalled ? 6 : 5, ended: 1, left: 1 }[mode];
  [...$("steps").children].forEach((step, index) => {
    const at = index + 1;
    const state = at < current ? "done" : at > current ? "todo" : failedStep ? "failed" : "current";
    if (step.dataset.state === state) return;
    step.dataset.state = state;
    step.toggleAttribute("aria-current", false);
    if (at === current) step.setAttribute("aria-current", "step");
    step.querySelector(".sr")?.remove();
    if (state === "done" || state === "failed") step.firstElementChild.append(el("span", { class: "sr" }, ` (${state})`));
  });
}

function renderChecks() {
  $("checks").replaceChildren(...session.checks.map(({ name, ok, words }) =>
    el("li", { class: ok ? "good" : "bad" },
      el("i", { "aria-hidden": "true" }, ok ? "✓" : "✕"),
      el("div", {}, el("b", {}, name), el("span", { class: "sr" }, ok ? " passed: " : " failed: "), " ", el("span", {}, ok ? words : `Failed. Demanded was: ${words}`)))));
}

/** JSON in quiet colours: a span for each name, text, number and bracket. */
function coloured(value) {
  const parts = JSON.stringify(value, null, 2).match(/"(?:\\.|[^"\\])*"(?:\s*:)?|[\w.+-]+|[^\w"]+/g) ?? [];
  return parts.map((part) => {
    const kind = part.endsWith(":") ? "k" : part.startsWith('"') ? "s" : /^\w|^-/.test(part) ? "n" : "p";
    return el("span", { class: kind }, part);
  });
}

const CLAIMS = {
  iss: "Who issued the token. Whoever gets it must know and trust exactly this address.",
  sub: "The person, by an id that never changes, unlike an e-mail address. Key your user records by it, together with iss.",
  aud: "Whom the token is for. Anybody else must refuse it.",
  exp: "When it ends:",
  iat: "When it was issued:",
  scope: "What may be done with it.",
  client_id: "The app it was issued to.",
  jti: "The id of this one token.",
  gid: "The grant, that is this one authorization, with all tokens that descend from it. End the grant and all of them end.",
  auth_time: "When the password, or whatever was asked, was last given:",
  nonce: "Chosen by this tab before the sign-in; comes back inside, so that a token from elsewhere does not fit.",
  at_hash: "Half of a SHA-256 of the access token: ties the two together.",
  sid: "The session at Doorward; a sign-out names it.",
  roles: "The roles the person has here.",
};

function explained([name, value]) {
  const words = el("dd", {}, CLAIMS[name] ?? "Told about the person or the token.");
  if (name === "exp") words.append(" ", el("time", { "data-exp": value }, expiry(value)));
  else if (/^(iat|auth_time)$/.test(name)) words.append(" ", el("time", {}, new Date(value * 1000).toLocaleString()));
  return el("div", {}, el("dt", {}, name), words);
}

function renderToken(id, jwt) {
  const details = $(id);
  details.hidden = !jwt;
  // Rendered only when it is another: an opened part or a text selection stays as it is.
  if (!jwt || details.shown === jwt) return;
  details.shown = jwt;
  const token = peek(jwt);
  const raw = el("details", { class: "raw small" }, el("summary", {}, "As it travels"), el("pre", {}, jwt));
  if (!token) return details.lastElementChild.replaceChildren(el("p", {}, "It is opaque: only Doorward can read it."), raw);
  details.lastElementChild.replaceChildren(
    el("div", {}, el("h4", {}, "Header"), el("pre", {}, ...coloured(token.header)), el("h4", {}, "Claims"), el("pre", {}, ...coloured(token.claims))),
    el("div", {}, el("h4", {}, "What they mean"), el("dl", { class: "claims" }, ...Object.entries(token.claims).map(explained))),
    raw,
  );
}

function renderResult(id, { status, body, challenge }) {
  const lines = [el("span", { class: "status-line" }, `HTTP ${status}\n`)];
  if (challenge) lines.push(el("span", { class: "status-line" }, `WWW-Authenticate: ${challenge}\n`));
  $(id).replaceChildren(...lines, ...(typeof body === "object" ? coloured(body) : [body]));
  $(id).hidden = false;
}

function renderRotation(before, after) {
  const text = before === after ? ["The server kept ", el("code", {}, start(before)), ": it does not rotate."] : ["The refresh token was ", el("code", {}, start(before)), " and is now ", el("code", {}, start(after)), "."];
  $("rotation").replaceChildren(...text);
}

/** Shows a problem in its place, or with null none. */
function renderProblem(problem) {
  const box = $("error");
  box.hidden = !problem;
  if (!problem) return box.removeAttribute("data-error");
  if (!problem.code) console.error(problem);
  const code = problem.code ?? "unexpected";
  failedStep = mode === "in" ? null : problem.step ?? null;
  box.dataset.error = code;
  setText("error-words", problem.code ? problem.message : "This page has a fault; the browser’s console says more.");
  setText("error-description", problem.description ?? "");
  setText("error-code", code);
  box.scrollIntoView({ block: "nearest" });
}

function renderLog(log) {
  const known = $("log").children.length;
  // An entry only ever comes at the end, unless the oldest were cut off.
  const fresh = log.length > known ? log.slice(known) : ($("log").replaceChildren(), log);
  $("log").append(...fresh.map(({ method, url, form, status, bad, words }) =>
    el("li", bad ? { class: "bad" } : {}, el("b", {}, String(status)), el("div", {},
      el("p", {}, words), el("code", {}, `${method} ${url}`), ...(form ? [el("code", {}, form)] : [])))));
}

async function copy(button) {
  const source = $(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent);
    say("Copied.");
  } catch {
    getSelection().selectAllChildren(source);
    say("The browser does not allow copying; the text is selected instead.");
  }
}

// ---------------------------------------------------------------- the start

async function loadFacts() {
  config = await fetchFact("/config.json", "Reads this app’s own configuration.");
  for (const element of document.querySelectorAll("[data-config]")) element.textContent = config[element.dataset.config];
  setText("token-command", config.service?.token_command ?? "");
  setText("api-command", config.service?.api_command ?? "");
  $("service-section").hidden = !config.service;
  const address = `${config.issuer}/.well-known/openid-configuration`;
  $("discovery-link").href = address;
  const document_ = await fetchFact(address, "Discovers where Doorward’s endpoints are.");
  // OpenID Connect Discovery §4.3: otherwise another server speaks in its name.
  if (document_.issuer !== config.issuer) throw new Problem("issuer_mismatch", "The discovery document is another issuer’s.");
  discovery = document_;
  $("jwks-link").href = discovery.jwks_uri;
}

/** What the address brought along is read once, and leaves the address bar and the history at once. */
function takeAnswer() {
  const { pathname, search } = location;
  const params = new URLSearchParams(search);
  if (pathname !== "/" || search) history.replaceState(null, "", "/");
  return pathname === "/callback" ? { callback: params } : { logoutState: params.get("state") };
}

async function begin() {
  const { callback, logoutState } = takeAnswer();
  if (callback) {
    record({ method: "GET", url: `${location.origin}/callback?${readable(callback)}`, status: "←", words: callback.has("error") ? "Doorward sent you back with an error." : "Doorward sent you back with a code." });
  }
  await loadFacts();
  const logout = store.take("logout");
  mode = session.idToken ? "in" : logout && logout === logoutState ? "left" : "out";
  if (callback) await finishSignIn(callback);
  if (session.idToken) show("in");
}

/** The redirect URI names one origin; sessionStorage of another (localhost for 127.0.0.1) would not be there on return. */
function onRightOrigin() {
  const origin = new URL(config.redirect_uri).origin;
  return location.origin === origin || location.replace(`${origin}/`);
}

function listen() {
  for (const [id, action] of Object.entries(ACTIONS)) $(id).addEventListener("click", ({ currentTarget }) => attempt(action, currentTarget));
  for (const button of document.querySelectorAll("[data-copy]")) button.addEventListener("click", () => copy(button));
  // Back from Doorward's page by the back button: the page is as it was left, in the middle of leaving.
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
}

renderLog(store.get("log") ?? []);
listen();
await attempt(begin);
if (config) {
  onRightOrigin();
  if (mode === "working") show("out");
}
document.body.dataset.state ??= "out";
setInterval(tick, 1000);
