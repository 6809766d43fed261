// Asking the daemon. Every answer that is no success is a Refusal with the daemon's own sentence.
// A login is a cookie that scripts cannot see, and a value that changes must carry besides.

export class Refusal extends Error {
  /** late: whether somebody else is logged in by now than when it was asked, or nobody. */
  constructor(status, message, late = false) {
    super(message);
    this.status = status;
    this.late = late;
  }
}

const TIMEOUT_MILLIS = 15_000;

/** Who is logged in, as the daemon tells it; null for nobody. */
let me = null;

export const isLoggedIn = () => me !== null;

export const role = () => me?.role;

export const caller = () => me;

/** Whether it is worth asking if the browser is logged in; no secret. */
const MARK = 'loggedIn';

/** Goes on with a login from before the page was loaded; why that cannot be known yet, or null. */
export async function resume() {
  if (!marked()) {
    return null;
  }
  try {
    me = await call('GET', 'me');
  } catch (e) {
    if (!(e instanceof Refusal)) {
      throw e;
    }
    if (e.status === 0 || e.status >= 500) {
      return e.message;
    }
    forgetLogin();
  }
  return null;
}

/** Logs in by a token; throws a Refusal if the daemon does not take it. */
export async function logIn(token) {
  me = await call('POST', 'login', { token });
  mark((storage) => storage.setItem(MARK, 'yes'));
}

export async function logOut() {
  try {
    await call('POST', 'logout');
  } finally {
    forgetLogin();
  }
}

/** The login has ended. */
export function forgetLogin() {
  me = null;
  mark((storage) => storage.removeItem(MARK));
}

const marked = () => mark((storage) => storage.getItem(MARK)) !== null;

function mark(action) {
  try {
    return action(localStorage);
  } catch {
    return null; // storage is switched off: each page logs in by itself
  }
}

/** Sends a request; the path is below /api/v1/. */
export async function call(method, path, body) {
  const asked = me;
  const headers = {};
  if (method !== 'GET' && me?.csrf) {
    headers['X-Gantry-CSRF'] = me.csrf;
  }
  if (body !== undefined) {
    headers['Content-Type'] = 'application/json';
  }
  let response;
  try {
    response = await fetch(`/api/v1/${path}`, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MILLIS),
      cache: 'no-store',
      credentials: 'same-origin',
    });
  } catch {
    throw new Refusal(0, 'The daemon does not answer. Is it running?');
  }
  const text = await response.text();
  if (!response.ok) {
    throw new Refusal(response.status, sentence(text) ?? `${response.status} ${response.statusText}`, asked !== me);
  }
  return text === '' ? null : JSON.parse(text);
}

function sentence(text) {
  try {
    return JSON.parse(text).error ?? null;
  } catch {
    return null;
  }
}

/** A path with names in it: path`volumes/${name}`. */
export const path = (texts, ...names) =>
  texts.reduce((all, text, i) => all + encodeURIComponent(names[i - 1]) + text);
