// The frame around the sections, and which of them is shown.

import { h, render } from '/lib/preact.js';
import { caller, forgetLogin, isLoggedIn, logOut, resume } from './api.js';
import { count } from './format.js';
import { attempt, changed, dismiss, forget, href, onAnswer, onChange, readRoute, state, use } from './state.js';
import { alert, button, copyable, icon, iconButton, logo } from './widgets.js';
import { Login } from './login.js';
import { access } from './access.js';
import { copies } from './copies.js';
import { eventSection } from './events.js';
import { overview } from './overview.js';
import { sessions } from './sessions.js';
import { tokens } from './tokens.js';
import { volume } from './volume.js';
import { volumes } from './volumes.js';

/** In the order of the navigation; number is what stands beside the name. */
const SECTIONS = [
  { id: '', name: 'Overview', view: overview },
  { id: 'volumes', name: 'Volumes', view: (name) => (name === undefined ? volumes() : volume(name)), number: (pool) => pool.volumes },
  { id: 'tokens', name: 'Tokens', view: tokens, number: (pool) => pool.tokens },
  { id: 'copies', name: 'Copies', view: copies },
  { id: 'sessions', name: 'Sessions', view: sessions },
  { id: 'access', name: 'Access', view: access },
  { id: 'events', name: 'Events', view: eventSection },
];

const section = () => SECTIONS.find(({ id }) => id === (state.route[0] ?? ''));

/** Why the page cannot begin, or null. */
let notYet = null;

function page() {
  if (notYet !== null) {
    document.title = 'Gantry';
    return h('main', { class: 'login' }, h('div', { class: 'card' }, h('div', { class: 'brand' }, logo(), h('h1', null, 'Gantry')), alert('error', notYet), h('p', { class: 'note' }, 'It is asked again every two seconds.')));
  }
  if (!isLoggedIn()) {
    document.title = 'Gantry';
    return h(Login, { welcome });
  }
  const pool = use('pool', 2000);
  const shown = section();
  document.title = `${state.route[1] ?? shown?.name ?? 'Nothing here'} · Gantry`;
  return [
    h('a', { class: 'skip', href: '#title', onClick: skip }, 'Skip to the content'),
    h(
      'header',
      { class: 'top' },
      iconButton('menu', 'Sections', () => toggleMenu(), { class: 'menu-button', 'aria-expanded': String(state.menuOpen), 'aria-controls': 'sections' }),
      h('a', { class: 'brand', href: href() }, logo(), h('span', null, 'Gantry')),
      pool && copyable(pool.target, 'the name of the target', { class: 'target' }),
      h('span', { class: 'grow' }),
      pool?.faults.length > 0 && h('a', { class: 'badge danger loud', href: href(...(pool.faults.length === 1 ? ['volumes', pool.faults[0]] : ['volumes'])) }, 'Faults', h('span', { class: 'more' }, ' on purpose')),
      state.trouble !== null && h('span', { class: 'badge danger', role: 'status' }, state.trouble),
      themeButton(),
      h('span', { class: 'caller', title: `Logged in by the token ${caller().name}` }, caller().role),
      button('Log out', () => attempt(leave), { class: 'quiet' }),
    ),
    h(
      'div',
      { class: 'frame' },
      h(
        'nav',
        { id: 'sections', class: state.menuOpen ? 'open' : '', 'aria-label': 'Sections' },
        SECTIONS.map((one) =>
          h(
            'a',
            { href: href(...(one.id === '' ? [] : [one.id])), 'aria-current': one === shown ? 'page' : undefined },
            one.name,
            pool !== undefined && one.number !== undefined && h('span', { class: 'number' }, count(one.number(pool))),
          ),
        ),
      ),
      h('main', { key: state.route.join('/') }, shown === undefined ? h('h1', null, 'There is nothing here') : shown.view(...state.route.slice(1))),
    ),
    state.dialog && h(state.dialog.component, state.dialog.props),
    h(
      'div',
      { class: 'toasts', role: 'status', 'aria-live': 'polite' },
      state.toasts.map((one) =>
        h('div', { key: one.id, class: `toast ${one.kind}` }, icon(one.kind === 'error' ? 'warning' : 'done'), h('span', null, one.text), iconButton('close', 'Dismiss', () => dismiss(one.id))),
      ),
    ),
  ];
}

function welcome() {
  changed();
}

async function leave() {
  await logOut();
  left();
}

function left() {
  forget();
  state.dialog = null;
  state.toasts = [];
  changed();
}

onAnswer((_, answer) => {
  if (answer?.status === 401 && !answer.late) {
    forgetLogin();
    left();
  }
});

function toggleMenu() {
  state.menuOpen = !state.menuOpen;
  changed();
}

function skip(event) {
  event.preventDefault(); // the fragment is the route
  document.getElementById('title')?.focus();
}

// Colours: as the system has them, light, or dark

const THEMES = ['system', 'light', 'dark'];

function themeButton() {
  const theme = document.documentElement.dataset.theme ?? 'system';
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
  return iconButton(theme, `Colours: ${theme}. Change to ${next}`, () => setTheme(next), { class: 'theme' });
}

function setTheme(theme) {
  const root = document.documentElement;
  if (theme === 'system') {
    delete root.dataset.theme;
  } else {
    root.dataset.theme = theme;
  }
  try {
    localStorage.setItem('theme', theme);
  } catch {
    // storage is switched off: it holds until the page is left
  }
  changed();
}

let lastRoute = null;

onChange(() => {
  render(page(), document.getElementById('root'));
  const route = state.route.join('/');
  if (isLoggedIn() && lastRoute !== route) {
    if (lastRoute !== null) {
      document.getElementById('title')?.focus({ preventScroll: true });
      window.scrollTo(0, 0);
    }
    lastRoute = route;
  }
});

const RETRY_MILLIS = 2000;

/** Until it is known who is logged in: a daemon that starts says so, and is asked again. */
async function begin() {
  notYet = await resume();
  readRoute();
  if (notYet !== null) {
    setTimeout(begin, RETRY_MILLIS);
  }
}

begin();
