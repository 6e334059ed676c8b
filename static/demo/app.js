/**
 * Doorward's sample single-page app. Tokens live in sessionStorage, since the flow leaves the page and comes back. Any script of this
 * origin can read them: hence the strict CSP, and no HTML is ever made from data.
 */

/** A failure: a code for machines, words for people, and which of the five steps failed. */
class Problem extends Error {
  constructor(code, words, step, description) {
    super(words);
    Object.assign(this, { code, description, step });
  }
}

/** Stops what is under way; the page already says why. */
const ENDED = new Problem("session_ended", "The session has ended.");

const store = {
  get: (name) => JSON.parse(sessionStorage.getItem(name)),
  set: (name, value) => sessionStorage.setItem(name, JSON.stringify(value)),
  take(name) {
    const value = this.get(name);
    sessionStorage.removeItem(name);
    return value;
  },
};

/** Access tokens by audience; the last three refresh tokens, the current one last. */
const nobody = () => ({ idToken: null, nonce: null, checks: [], access: {}, refreshTokens: [], profile: null, apiCalled: false });

let config;
let discovery;
let session = store.get("session") ?? nobody();

/** What the page shows: "out", "working", "in", "ended" or "left". */
const view = { mode: "out", step: 1, failed: false, story: [] };

function keep(changes) {
  Object.assign(session, changes);
  store.set("session", session);
}

function drop() {
  session = nobody();
  keep();
}

// ---- bytes and tokens

const utf8 = (text) => new TextEncoder().encode(text);
const sha256 = async (text) => new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(text)));
const base64url = (bytes) => btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const fromBase64url = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (char) => char.charCodeAt(0));
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));
const now = () => Date.now() / 1000;

/** Takes a JWT apart and verifies nothing; null for what is none, as an access token may be. */
function decode(jwt) {
  try {
    const [head, body, signature] = jwt.split(".");
    const [header, claims] = [head, body].map((part) => JSON.parse(new TextDecoder().decode(fromBase64url(part))));
    return { header, claims, signed: utf8(`${head}.${body}`), signature: fromBase64url(signature) };
  } catch {
    return null;
  }
}

/** What is known of the person: by the ID token, and by userinfo once it was asked. */
const person = () => ({ ...decode(session.idToken)?.claims, ...session.profile });
const subject = () => decode(session.idToken)?.claims.sub;
const secondsLeft = (jwt) => (decode(jwt)?.claims.exp ?? Infinity) - now();

// ---- HTTP

const HIDDEN = /^(code|code_verifier|code_challenge|state|nonce|token|refresh_token|id_token_hint|error_description)$/;
const readable = (params) => [...params].map(([name, value]) => `${name}=${HIDDEN.test(name) ? "…" : value}`).join("&");

function readableUrl(address) {
  const { origin, pathname, search, searchParams } = new URL(address, location);
  return origin + pathname + (search && `?${readable(searchParams)}`);
}

function record(entry) {
  const log = [...(store.get("log") ?? []), entry].slice(-99);
  store.set("log", log);
  renderLog(log);
}

/** One HTTP exchange, written to the log. A body that is no JSON counts as {}. */
async function exchange(url, words, { form, bearer, method = form ? "POST" : "GET" } = {}) {
  const body = form && new URLSearchParams(form);
  const entry = { method, url: readableUrl(url), form: form && readable(body), words };
  const headers = bearer ? { authorization: `Bearer ${bearer}` } : {};
  const options = { method: entry.method, body, headers, credentials: "omit", redirect: "error", signal: AbortSignal.timeout(15000) };
  const response = await fetch(url, options).catch(() => null);
  if (!response) {
    record({ ...entry, status: "—", bad: true, words: `${words} No answer came.` });
    throw new Problem("unreachable", `There is no answer from ${new URL(url, location).origin}. Is “doorward demo” running?`);
  }
  const { ok, status } = response;
  const answer = (await response.json().catch(() => null)) ?? {};
  record({ ...entry, status, bad: !ok, words: ok ? words : `${words} Refused: ${answer.error ?? "no reason given"}.` });
  return { ok, status, body: answer, challenge: response.headers.get("www-authenticate") };
}

/** What the page cannot go on without. */
async function fact(url, words) {
  const answer = await exchange(url, words);
  if (!answer.ok) throw refused(answer, `${url} gave no answer that helps.`);
  return answer.body;
}

const refused = ({ status, body }, words, step) =>
  new Problem(body.error ?? `http_${status}`, words, step, body.error_description);

// ---- the authorization request and its answer

/** Leaves the page. The promise never settles: nothing after it runs. */
function leave(address, params, words) {
  const url = new URL(address);
  for (const [name, value] of params) url.searchParams.append(name, value);
  record({ method: "GET", url: readableUrl(url), status: "→", words });
  location.assign(url);
  return new Promise(() => {});
}

/**
 * Asks for a code. With `resume` that action goes on when the page is back: silently (prompt=none), or after the sign-in that an API wants
 * (RFC 9470 §4). The class is essential: an answer without it would not help.
 */
async function authorize(audience, resume, wanted) {
  const pending = { state: random(), nonce: random(), verifier: random(), audience, resume, wanted };
  store.set("pending", pending);
  const params = Object.entries({
    response_type: "code",
    client_id: config.client_id,
    redirect_uri: config.redirect_uri,
    scope: config.scope,
    state: pending.state,
    nonce: pending.nonce,
    code_challenge: base64url(await sha256(pending.verifier)),
    code_challenge_method: "S256",
  });
  if (resume && !wanted) params.push(["prompt", "none"]);
  if (wanted?.maxAge) params.push(["max_age", wanted.maxAge]);
  if (wanted?.classes) params.push(["claims", JSON.stringify({ id_token: { acr: { essential: true, values: wanted.classes } } })]);
  // Both audiences are asked for at once; each token is then fetched for one of them (RFC 8707 §2.2).
  if (audience !== config.issuer) params.push(["resource", config.resource], ["resource", config.issuer]);
  const silently = "Asks Doorward for another code, silently.";
  const words = wanted ? "Sends you to Doorward to sign in as the API wants." : resume ? silently : "Sends you to Doorward to sign in.";
  return leave(discovery.authorization_endpoint, params, words);
}

/** Believes nothing in the answer before it is known to be ours (RFC 9207 §2.4). */
function checkAnswer(answer, pending) {
  if (!pending || answer.state !== pending.state) {
    throw new Problem("state_mismatch", "This answer belongs to no sign-in of this tab, so it was ignored.", 3);
  }
  if (answer.iss !== config.issuer) {
    throw new Problem("issuer_mismatch", "This answer is not from the issuer that was asked, so it was ignored.", 3);
  }
  const { error, error_description: description } = answer;
  if (error === "access_denied") throw new Problem(error, "You said no, so this app got nothing. That is how it should be.", 2, description);
  // Such as login_required: what was before no longer holds.
  const again = /_required$/.test(error);
  if (again) drop();
  if (error) throw new Problem(error, again ? "Doorward has to ask you first. Please sign in again." : "Doorward refused the request.", 1, description);
}

/** Back from Doorward: exchanges the code. */
async function finishSignIn(response) {
  const pending = store.take("pending");
  checkAnswer(response, pending);
  if (!session.idToken) show("working", 3);
  const answer = await redeem("Exchanges the code and its PKCE verifier for tokens.", {
    grant_type: "authorization_code",
    code: response.code,
    redirect_uri: config.redirect_uri,
    client_id: config.client_id,
    code_verifier: pending.verifier,
    resource: pending.audience,
  });
  if (!answer.ok) throw refused(answer, "Doorward did not accept the code.", 3);
  if (!session.idToken) show("working", 4);
  const { nonce, wanted } = pending;
  // What the former sign-in gave says of it for ever how it was made.
  if (wanted) keep({ access: {}, refreshTokens: [] });
  await accept(answer.body, pending.audience, { nonce, wanted });
  show("in");
  if (pending.resume) await ACTIONS[pending.resume](wanted);
}

// ---- tokens

const redeem = (words, form) => exchange(discovery.token_endpoint, words, { form });
const present = (refresh_token, resource, words) => redeem(words, { grant_type: "refresh_token", refresh_token, client_id: config.client_id, resource });

/** Takes in a token answer. An ID token must come with a code, may come with a refresh, and must pass every check. */
async function accept(tokens, audience, expected) {
  if (tokens.id_token || !expected.sub) await acceptIdToken(tokens, expected);
  session.access[audience] = tokens.access_token;
  if (tokens.refresh_token) session.refreshTokens = [...session.refreshTokens, tokens.refresh_token].slice(-3);
  keep();
}

async function acceptIdToken({ id_token: idToken, access_token: accessToken }, expected) {
  const checks = await verifyIdToken(idToken, accessToken, expected);
  const valid = checks.every(([, ok]) => ok);
  // Somebody else may have signed in at Doorward meanwhile.
  if (!valid || subject() !== decode(idToken).claims.sub) drop();
  keep({ checks });
  if (!valid) throw new Problem("id_token_invalid", "The ID token did not pass every check, so nobody is signed in.", 4);
  keep({ idToken, nonce: expected.nonce });
}

/** An access token for this audience: the one at hand, or a refreshed one, or one that a silent authorization request brings. */
async function tokenFor(audience, resume) {
  const held = session.access[audience];
  if (held && secondsLeft(held) > 10) return held;
  return session.refreshTokens.length ? refresh(audience) : authorize(audience, resume);
}

let queue = Promise.resolve();
const refreshing = new Map();

/** One task at a time: two uses of one refresh token look like theft. */
function exclusively(task) {
  const run = queue.then(task);
  queue = run.catch(() => {});
  return run;
}

/** Refreshes; who wants the same at the same time shares the answer. */
function refresh(audience) {
  if (!refreshing.has(audience)) {
    refreshing.set(audience, exclusively(() => rotate(audience)).finally(() => refreshing.delete(audience)));
  }
  return refreshing.get(audience);
}

/** Uses the current refresh token, once; only within `exclusively`. */
async function rotate(audience) {
  const current = session.refreshTokens.at(-1);
  if (!current) throw ENDED;
  const whose = audience === config.issuer ? "userinfo" : "the API";
  const answer = await present(current, audience, `Exchanges the refresh token for an access token for ${whose}.`);
  // Meanwhile the tokens may have been forgotten.
  if (current !== session.refreshTokens.at(-1)) throw ENDED;
  if (answer.body.error === "invalid_grant") endSession("Doorward no longer accepts this app’s refresh token, so all tokens were dropped here.");
  if (!answer.ok) throw refused(answer, "Doorward did not refresh the tokens.");
  await accept(answer.body, audience, { nonce: session.nonce, sub: subject() });
  return session.access[audience];
}

/** Drops everything, says why, and stops what is under way. */
function endSession(...story) {
  drop();
  view.story = story;
  show("ended");
  scrollTo(0, 0);
  $("headline").focus();
  throw ENDED;
}

// ---- the ID token

let keys = [];

async function publicKey(kid) {
  const find = () => keys.find((key) => key.kid === kid && key.kty === "RSA");
  // Keys rotate, so an unknown one may be new.
  if (!find()) ({ keys } = await fact(discovery.jwks_uri, "Fetches Doorward’s public keys."));
  return find();
}

async function signatureHolds({ header, signed, signature }) {
  // The algorithm is ours to choose, never the token's (RFC 8725 §3.1).
  if (header.alg !== "RS256" || header.crit) return false;
  const { kty, n, e } = (await publicKey(header.kid)) ?? {};
  if (!kty) return false;
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("jwk", { kty, n, e }, algorithm, false, ["verify"]);
  return crypto.subtle.verify(algorithm, key, signature, signed);
}

/** Checks of OpenID Connect Core §3.1.3.7, as [name, passed, words]. After a refresh, with `expected.sub`, §12.2: the nonce may be missing. */
async function verifyIdToken(idToken, accessToken, expected) {
  const token = decode(idToken);
  if (!token) return [["ID token", false, "must be a JWT"]];
  const { header, claims } = token;
  const atHash = base64url((await sha256(accessToken)).slice(0, 16));
  const nonce = claims.nonce ?? (expected.sub && expected.nonce);
  const checks = [
    ["signature", await signatureHolds(token), `must be made with Doorward’s RS256 key ${String(header.kid).slice(0, 8)}…`],
    ["iss", claims.iss === config.issuer, `must be ${config.issuer}, the server that was asked`],
    ["aud", claims.aud === config.client_id, "must be this app’s client_id"],
    ["exp", claims.exp > now(), "must lie ahead"],
    ["nonce", nonce === expected.nonce, "must be the one that this tab made for this sign-in"],
    ["at_hash", claims.at_hash === atHash, "must fit the access token beside it"],
  ];
  if (expected.sub) checks.push(["sub", claims.sub === expected.sub, "must be the person from before the refresh"]);
  const { classes, maxAge } = expected.wanted ?? {};
  if (classes) checks.push(["acr", classes.includes(claims.acr), "must be a class that the API asked for"]);
  if (maxAge) checks.push(["auth_time", claims.auth_time > now() - maxAge - 60, "must be as recent as the API asked for"]);
  return checks;
}

// ---- what the buttons do

/** How an API wants the person to sign in before the same call (RFC 9470 §3); null when that is not what it wants. */
function signInWanted({ status, challenge }) {
  const said = (name) => challenge?.match(`\\b${name}="([^"]*)"`)?.[1];
  if (status !== 401 || said("error") !== "insufficient_user_authentication") return null;
  return { classes: said("acr_values")?.split(" "), maxAge: said("max_age") };
}

/** Calls with a token for this audience; a 401 is answered once: with the sign-in that it asks for, or else with a fresh token. */
async function callWith(audience, url, words, resume, { method, done } = {}) {
  const answer = await exchange(url, words, { method, bearer: await tokenFor(audience, resume) });
  if (answer.status !== 401) return answer;
  const wanted = signInWanted(answer);
  if (wanted && done) throw refused(answer, "You signed in as the API asked, and it asks again.");
  if (wanted) return authorize(audience, resume, wanted);
  delete session.access[audience];
  keep();
  if (!session.refreshTokens.length) return answer;
  return exchange(url, `${words} Once more, with a fresh token.`, { method, bearer: await refresh(audience) });
}

const ACTIONS = {
  "sign-in": () => authorize(config.resource),

  async "call-api"() {
    const answer = await callWith(config.resource, config.api, "Calls the API.", "call-api");
    if (answer.ok) keep({ apiCalled: true });
    renderResult("api-result", answer);
  },

  /** `done` is the sign-in that was made for it. */
  async "delete-note"(done) {
    const { body } = await callWith(config.resource, config.api, "Looks for a note.", "delete-note", { done });
    const [note] = body.notes ?? [];
    if (!note) return say("There is no note left.");
    const url = `${config.api}/${note.id}`;
    const answer = await callWith(config.resource, url, "Deletes a note.", "delete-note", { method: "DELETE", done });
    renderResult("api-result", answer);
  },

  async "call-userinfo"() {
    const answer = await callWith(config.issuer, discovery.userinfo_endpoint, "Asks Doorward who you are.", "call-userinfo");
    // OpenID Connect Core §5.3.2: what is said of somebody else must not be used.
    if (answer.ok && answer.body.sub !== subject()) throw new Problem("sub_mismatch", "Userinfo speaks of another person than the ID token.");
    if (answer.ok) keep({ profile: answer.body });
    renderResult("userinfo-result", answer);
  },

  async refresh() {
    const old = session.refreshTokens.at(-1);
    await refresh(config.resource);
    const code = (token) => el("code", {}, start(token));
    $("rotation").replaceChildren("The refresh token was ", code(old), " and is now ", code(session.refreshTokens.at(-1)));
    say("Refreshed.");
  },

  reuse: () => exclusively(reuse),

  async "sign-out"() {
    const { client_id, post_logout_redirect_uri } = config;
    const params = { client_id, post_logout_redirect_uri, id_token_hint: session.idToken, state: random() };
    sessionStorage.clear();
    store.set("logout", params.state);
    return leave(discovery.end_session_endpoint, Object.entries(params), "Sends you to Doorward to sign out.");
  },

  async forget() {
    const token = session.refreshTokens.at(-1);
    drop();
    show("out");
    if (!token || !discovery.revocation_endpoint) return;
    const form = { token, client_id: config.client_id };
    await exchange(discovery.revocation_endpoint, "Revokes the refresh token.", { form });
  },
};

const start = (token) => `${token.slice(0, 6)}…`;

/** Uses a refresh token from two rotations ago again, as a thief would, then tries what is left. */
async function reuse() {
  // One rotation back could be the retry after a lost answer, which is forgiven.
  while (session.refreshTokens.length < 3 || !session.access[config.issuer]) {
    await rotate(session.access[config.issuer] ? config.resource : config.issuer);
  }
  const [stolen, , newest] = session.refreshTokens;
  const bearer = session.access[config.issuer];
  const again = await present(stolen, config.resource, "Uses a replaced refresh token again.");
  if (again.ok) throw new Problem("reuse_accepted", "Doorward accepted a used refresh token!");
  const last = await present(newest, config.resource, "Tries the newest refresh token.");
  const access = await exchange(discovery.userinfo_endpoint, "Tries the newest access token.", { bearer });
  const outcome = ({ status, body }) => `HTTP ${status}${body.error ? `, ${body.error}: ${body.error_description}` : ""}`;
  endSession(
    "A used refresh token came back. Doorward cannot tell thief from owner, so it ended everything that came of this sign-in.",
    `The old refresh token ${start(stolen)}, replaced two rotations ago. ${outcome(again)}`,
    `The newest one, ${start(newest)}, never used before. ${outcome(last)}`,
    `An access token at userinfo, with ${duration(secondsLeft(bearer))} left. ${outcome(access)}`,
  );
}

/** Runs a task and shows what goes wrong. */
async function attempt(task) {
  showProblem(null);
  await task().catch(showProblem);
  render();
}

/** While its action runs, a button does nothing. */
async function press(button, action) {
  if (button.ariaDisabled) return;
  button.ariaDisabled = "true";
  await attempt(action);
  button.ariaDisabled = null;
}

let retryAt = 0;

/** Every second: turns the clocks, and renews a token a minute before its end. Long timers sleep with the computer. */
function tick() {
  for (const time of document.querySelectorAll("[data-exp]")) time.textContent = remaining(time.dataset.exp);
  if (view.mode !== "in" || !session.refreshTokens.length || refreshing.size || now() < retryAt) return;
  const due = Object.keys(session.access).find((audience) => secondsLeft(session.access[audience]) < 60);
  if (!due) return;
  retryAt = now() + 20;
  // A passing failure is in the log, and tried again.
  refresh(due).catch((problem) => session.idToken || showProblem(problem)).finally(render);
}

// ---- the view

const $ = (id) => document.getElementById(id);

function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

const setText = (id, text) => { $(id).textContent = text; };

function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

const date = (seconds) => new Date(seconds * 1000).toLocaleString();
const remaining = (exp) => `${date(exp)}, ${exp > now() ? `in ${duration(exp - now())}` : "expired"}`;

let silence;

/** Says something for a moment, to screen readers too. */
function say(words) {
  clearTimeout(silence);
  setText("status", words);
  silence = setTimeout(setText, 5000, "status", "");
}

function show(mode, step = { in: 5 }[mode] ?? 1) {
  Object.assign(view, { mode, step, failed: false });
  render();
}

function hero() {
  const { name = person().email } = person();
  switch (view.mode) {
    case "working": return ["Finishing the sign-in…", "The code is exchanged, and the ID token verified."];
    case "in": return name
      ? [`Hello, ${name}.`, "Doorward vouched for you. Below are the tokens and what they are good for."]
      : ["You are signed in.", "Doorward vouched for you with an ID token. Below are the tokens and what they are good for."];
    case "ended": return ["The session has ended.", view.story[0]];
    case "left": return ["You are signed out.", "Here and at Doorward: the next sign-in asks for your password."];
    default: return ["Sign in, and watch every step.", `This sample app at ${location.host} has no passwords and no list of users. It sends you to Doorward, the authorization server at ${new URL(config.issuer).host}, and gets back signed tokens: who you are, and what you allowed.`];
  }
}

function render() {
  if (!config) return;
  const signedIn = view.mode === "in";
  const [headline, lede] = hero();
  document.body.dataset.state = view.mode;
  document.title = `${headline} · Doorward demo`;
  setText("headline", headline);
  setText("lede", lede);
  setText("who", signedIn ? person().email ?? subject() : "Not signed in");
  $("story").replaceChildren(...view.story.slice(1).map((words) => el("li", {}, words)));
  const visible = {
    "sign-in": discovery && !signedIn && view.mode !== "working",
    "hint": discovery && view.mode === "out",
    "sign-out": signedIn && discovery.end_session_endpoint,
    "forget": signedIn,
    "story": view.mode === "ended",
    "checks-section": session.checks.length,
    "call-section": signedIn,
    "tokens-section": signedIn,
    "refresh-section": signedIn && session.refreshTokens.length,
    "guides": signedIn && session.apiCalled,
  };
  for (const [id, yes] of Object.entries(visible)) $(id).hidden = !yes;
  renderSteps();
  renderChecks();
  renderToken("id-token", session.idToken);
  renderToken("api-token", session.access[config.resource]);
  renderToken("userinfo-token", session.access[config.issuer]);
  // The next person must not see them.
  if (!signedIn) for (const id of ["api-result", "userinfo-result", "rotation"]) $(id).replaceChildren();
}

function renderSteps() {
  const current = session.apiCalled && view.mode === "in" ? 6 : view.step;
  [...$("steps").children].forEach((item, index) => {
    const ahead = index + 1 - current;
    item.dataset.state = ahead < 0 ? "done" : ahead > 0 ? "todo" : view.failed ? "failed" : "current";
    item.ariaCurrent = ahead ? null : "step";
  });
}

function renderChecks() {
  $("checks").replaceChildren(...session.checks.map(([name, ok, words]) =>
    el("li", { class: ok ? "" : "bad" }, el("b", {}, name), ` ${words}`)));
}

/** JSON in quiet colours: a span for each name, text, number and bracket. */
function coloured(value) {
  const parts = JSON.stringify(value, null, 2).match(/"(?:\\.|[^"\\])*":?|[\w.+-]+|[^\w"]+/g);
  const kind = (part) => (part.endsWith('":') ? "k" : part.startsWith('"') ? "s" : /\w/.test(part) ? "n" : "p");
  return parts.map((part) => el("span", { class: kind(part) }, part));
}

const CLAIMS = {
  iss: "Who issued it: trust exactly this address.",
  sub: "The person, by an id that never changes.",
  aud: "Whom it is for: all others must refuse it.",
  exp: "Ends",
  iat: "Issued",
  scope: "What may be done with it.",
  client_id: "The app it was issued to.",
  jti: "The id of this one token.",
  gid: "The grant: ends with all its tokens at once.",
  auth_time: "Signed in",
  nonce: "Made by this tab before the sign-in: a token from elsewhere does not fit.",
  at_hash: "A hash of the access token: ties the two together.",
  sid: "The session at Doorward.",
  name: "What the person is called.",
  email: "Their e-mail address.",
  email_verified: "Whether Doorward knows that the address is theirs.",
  preferred_username: "What they like to be called by.",
  updated_at: "Last changed",
  acr: "How sure Doorward is of who signed in.",
  amr: "How they signed in: pwd is a password, otp a code.",
};

function explained([name, value]) {
  const words = el("dd", {}, `${CLAIMS[name] ?? "About the person."} `);
  if (name === "exp") words.append(el("time", { "data-exp": value }, remaining(value)));
  if (["iat", "auth_time", "updated_at"].includes(name)) words.append(el("time", {}, date(value)));
  return el("div", {}, el("dt", {}, name), words);
}

function renderToken(id, jwt) {
  const details = $(id);
  details.hidden = !jwt;
  if (!jwt) return;
  const { header, claims } = decode(jwt) ?? { header: "opaque", claims: {} };
  details.lastElementChild.replaceChildren(
    el("h4", {}, "Header"), el("pre", {}, ...coloured(header)),
    el("h4", {}, "Claims"), el("pre", {}, ...coloured(claims)),
    el("h4", {}, "What they mean"), el("dl", {}, ...Object.entries(claims).map(explained)),
  );
}

function renderResult(id, { status, body, challenge }) {
  const top = `HTTP ${status}\n${challenge ? `WWW-Authenticate: ${challenge}\n` : ""}`;
  $(id).replaceChildren(el("span", { class: "p" }, top), ...coloured(body));
  say(`The answer is HTTP ${status}.`);
}

/** Shows a problem, or with null none. */
function showProblem(problem) {
  const box = $("error");
  if (problem === ENDED) return;
  box.hidden = !problem;
  delete box.dataset.error;
  if (!problem) return;
  const { code = "unexpected", message, description = "", step } = problem;
  if (code === "unexpected") console.error(problem);
  if (!session.idToken) Object.assign(view, { mode: "out", step: step ?? 1, failed: Boolean(step) });
  box.dataset.error = code;
  setText("error-words", message);
  setText("error-description", description);
  setText("error-code", code);
  box.scrollIntoView({ block: "nearest" });
}

function renderLog(log) {
  $("log").replaceChildren(...log.map(({ method, url, form, status, bad, words }) => {
    const lines = [`${method} ${url}`, form].filter(Boolean).map((line) => el("code", {}, line));
    return el("li", { class: bad ? "bad" : "" }, el("b", {}, String(status)), el("div", {}, words, ...lines));
  }));
}

async function copy(id) {
  const copying = navigator.clipboard.writeText($(id).textContent);
  say(await copying.then(() => "Copied.", () => "The browser forbids copying."));
}

// ---- the start

async function loadFacts() {
  config = await fact("/config.json", "Reads the app’s configuration.");
  for (const element of document.querySelectorAll("[data-config]")) element.textContent = config[element.dataset.config];
  $("guides").replaceChildren(...config.guides.map(({ href, title }) => el("li", {}, el("a", { href }, title))));
  const { provider } = config;
  setText("provider-link", provider.name);
  $("provider-link").href = `${provider.issuer}/account`;
  $("account-link").href = `${config.issuer}/account`;
  setText("provider-password", provider.password);
  $("people").replaceChildren(...provider.people.map(({ name, email, story }) =>
    el("li", {}, el("b", {}, name), " ", el("code", {}, email), el("p", { class: "small" }, story))));
  setText("token-command", config.service.token_command);
  setText("api-command", config.service.api_command);
  // The answer comes back to this origin and its own sessionStorage.
  const { origin } = new URL(config.redirect_uri);
  if (location.origin !== origin) return location.replace(origin);
  const address = `${config.issuer}/.well-known/openid-configuration`;
  $("discovery-link").href = address;
  const found = await fact(address, "Discovers Doorward’s endpoints.");
  // OpenID Connect Discovery §4.3
  if (found.issuer !== config.issuer) throw new Problem("issuer_mismatch", "The discovery document is another issuer’s.");
  discovery = found;
  $("jwks-link").href = discovery.jwks_uri;
}

async function begin() {
  const { pathname, search, href } = location;
  const answer = Object.fromEntries(new URLSearchParams(search));
  const isCallback = pathname === "/callback";
  // A code stays neither in the address bar nor in the history.
  if (isCallback || search) history.replaceState(null, "", "/");
  if (isCallback) record({ method: "GET", url: readableUrl(href), status: "←", words: `Doorward sent you back with ${answer.code ? "a code" : "an error"}.` });
  await loadFacts();
  if (session.idToken) show("in");
  const state = store.take("logout");
  if (state && state === answer.state) show("left");
  if (isCallback) await finishSignIn(answer);
}

for (const [id, action] of Object.entries(ACTIONS)) $(id).addEventListener("click", (event) => press(event.currentTarget, action));
for (const button of document.querySelectorAll("[data-copy]")) button.addEventListener("click", () => copy(button.dataset.copy));
// By the back button the page would come as it was left: leaving.
addEventListener("pageshow", (event) => event.persisted && location.reload());
await attempt(begin);
document.body.dataset.state ??= "out";
setInterval(tick, 1000);
