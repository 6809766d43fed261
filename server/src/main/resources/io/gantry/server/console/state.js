// What the page shows: where it is, what it was told, which dialog is open. A change redraws.

import { Refusal, call, isLoggedIn, role } from './api.js';

const TICK_MILLIS = 250;

/** An answer that took long is asked for so much more rarely: a page takes a tenth of the daemon's time at most. */
const PATIENCE = 9;

export const state = {
  route: [],
  dialog: null,
  toasts: [],
  menuOpen: false,
  trouble: null,
};

let draw = () => {};
let drawing = false;

export function onChange(callback) {
  draw = callback;
}

/** Draws once, soon, however many changes there are. */
export function changed() {
  if (!drawing) {
    drawing = true;
    requestAnimationFrame(() => {
      drawing = false;
      wanted.clear();
      draw();
    });
  }
}

/*
 * Resources: a view asks for those it shows while it is drawn, and says how old they may get. Those
 * that the last drawing asked for are fetched again in time; the others are kept, to be shown at
 * once when somebody comes back, until the page is left.
 */
const wanted = new Map();
const known = new Map();

/**
 * The last answer of a GET, or undefined; throws nothing. ask, for what is no plain GET, makes a new
 * value of the last one.
 */
export function use(path, everyMillis, ask = () => call('GET', path)) {
  const every = Math.min(everyMillis, wanted.get(path)?.every ?? Infinity);
  wanted.set(path, { every, ask });
  return known.get(path)?.value;
}

/** Why there is no answer, or null. */
export const failure = (path) => known.get(path)?.failure ?? null;

/** Fetches again, soon, whatever begins so. */
export function refresh(...prefixes) {
  for (const [path, entry] of known) {
    if (prefixes.some((prefix) => path.startsWith(prefix))) {
      entry.due = 0;
    }
  }
  changed();
}

export function forget() {
  known.clear();
  listeners.forEach((listener) => listener(null, null));
}

const listeners = [];

/** Hears of each answer: (path, value); (null, null) when all is to be forgotten. */
export function onAnswer(listener) {
  listeners.push(listener);
}

function tick() {
  if (!isLoggedIn() || document.hidden) {
    return;
  }
  const now = performance.now();
  for (const [path, { every, ask }] of wanted) {
    const entry = known.get(path) ?? { due: 0, busy: false };
    known.set(path, entry);
    if (!entry.busy && now >= entry.due) {
      fetchInto(path, every, ask, entry);
    }
  }
}

async function fetchInto(path, every, ask, entry) {
  const began = performance.now();
  entry.busy = true;
  entry.due = began + every;
  try {
    const value = await ask(entry.value);
    if (!isLoggedIn()) {
      return;
    }
    entry.value = value;
    entry.failure = null;
    state.trouble = null;
    listeners.forEach((listener) => listener(path, value));
  } catch (e) {
    if (!(e instanceof Refusal)) {
      throw e;
    }
    entry.failure = e;
    if (e.status === 404) {
      entry.value = undefined;
    }
    state.trouble = e.status === 0 ? 'No answer' : e.status >= 500 ? 'Not ready' : null;
    listeners.forEach((listener) => listener(path, e));
  } finally {
    entry.busy = false;
    if (entry.due > 0) {
      entry.due = Math.max(entry.due, performance.now() + PATIENCE * (performance.now() - began));
    }
    changed();
  }
}

setInterval(tick, TICK_MILLIS);
document.addEventListener('visibilitychange', tick);

// Dialogs and messages

/** Opens a dialog: a component that is given props and close. */
export function open(component, props = {}) {
  state.dialog = { component, props };
  changed();
}

export function close() {
  state.dialog = null;
  changed();
}

const TOAST_MILLIS = 6000;
let toasts = 0;

export function toast(text, kind = 'done') {
  const one = { id: ++toasts, text, kind };
  state.toasts = [...state.toasts.slice(-3), one];
  changed();
  if (kind !== 'error') {
    setTimeout(() => dismiss(one.id), TOAST_MILLIS);
  }
}

export function dismiss(id) {
  state.toasts = state.toasts.filter((one) => one.id !== id);
  changed();
}

// Routes are the fragment: #/volumes/win11

export function go(...parts) {
  location.hash = href(...parts);
  readRoute(); // at once, so that nothing asks for what was here any more
}

export const href = (...parts) => `#/${parts.map(encodeURIComponent).join('/')}`;

export function readRoute() {
  const parts = location.hash.replace(/^#\/?/, '').split('/');
  state.route = parts.filter((part) => part !== '').map(decode);
  state.menuOpen = false;
  changed();
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

window.addEventListener('hashchange', readRoute);

// Roles: each may do what those before it may, and more.

const ROLES = ['viewer', 'operator', 'admin'];

export const may = (needed) => ROLES.indexOf(role()) >= ROLES.indexOf(needed);

/** Does what needs no dialog; a refusal becomes a message. */
export async function attempt(action) {
  try {
    await action();
  } catch (e) {
    if (!(e instanceof Refusal)) {
      throw e;
    }
    toast(e.message, 'error');
  }
}
