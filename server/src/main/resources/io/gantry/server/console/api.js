// Asking the daemon. Every answer that is no success is a Refusal with the daemon's own sentence.

export class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const TIMEOUT_MILLIS = 15_000;

let bearer = null;

export const isLoggedIn = () => bearer !== null;

/** Tries a token; throws a Refusal if the daemon does not take it. */
export async function logIn(token) {
  bearer = token;
  try {
    await call('GET', 'pool');
  } catch (e) {
    bearer = null;
    throw e;
  }
}

export function logOut() {
  bearer = null;
}

/** Sends a request; the path is below /api/v1/. */
export async function call(method, path, body) {
  const headers = {};
  if (bearer !== null) {
    headers.Authorization = `Bearer ${bearer}`;
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
    });
  } catch {
    throw new Refusal(0, 'The daemon does not answer. Is it running?');
  }
  const text = await response.text();
  if (!response.ok) {
    throw new Refusal(response.status, sentence(text) ?? `${response.status} ${response.statusText}`);
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
