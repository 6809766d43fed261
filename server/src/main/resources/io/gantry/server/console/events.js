// What happens, as it happens: the newest that the daemon remembers, then a stream.

import { Component, h } from '/lib/preact.js';
import { call, isLoggedIn } from './api.js';
import * as format from './format.js';
import { changed, onAnswer } from './state.js';
import { badge, button, empty, heading } from './widgets.js';

const KEPT = 1000;

/** Drawn at a time: who looks for something older looks for it by words. */
const SHOWN = 300;

/** Newest first. */
let events = [];
let stream = null;
let live = false;

/** Begins to listen when somebody looks, and goes on until the log-out. */
async function listen() {
  if (stream !== null || !isLoggedIn()) {
    return;
  }
  stream = new EventSource('/api/v1/events');
  stream.onopen = () => {
    live = true;
    changed();
  };
  stream.onerror = () => {
    live = false;
    changed();
  };
  stream.onmessage = ({ data }) => take([JSON.parse(data)]);
  take(await call('GET', `events?limit=${KEPT / 2}`).catch(() => []));
}

function take(some) {
  const known = new Set(events.map(({ id }) => id));
  const all = [...some.filter(({ id }) => !known.has(id)), ...events].sort((a, b) => b.id - a.id);
  events = newestProgress(all).slice(0, KEPT);
  changed();
}

/** How far something was before is worth nothing once it is further. */
function newestProgress(all) {
  const seen = new Set();
  return all.filter(({ type, details }) => {
    const what = `${type} ${details.id}`;
    const isOld = type.endsWith('.progress') && seen.has(what);
    seen.add(what);
    return !isOld;
  });
}

onAnswer((path) => {
  if (path === null) {
    stream?.close();
    stream = null;
    live = false;
    events = [];
  }
});

export const eventSection = () => h(Events, { all: events, live });

class Events extends Component {
  render({ all, live: isLive }, { text = '', kind = '', held = null }) {
    const shown = (held ?? all).filter((event) => (kind === '' || event.type.startsWith(kind)) && contains(event, text.toLowerCase()));
    const kinds = [...new Set(all.map(({ type }) => type.split('.')[0]))].sort();
    return [
      heading(
        ['Events', badge(held !== null ? 'paused' : isLive ? 'live' : 'connecting', held === null && isLive ? 'ok' : '')],
        null,
        button(held === null ? 'Pause' : 'Go on', () => this.setState({ held: held === null ? all : null })),
      ),
      h(
        'div',
        { class: 'filters' },
        h('input', { class: 'filter', type: 'search', placeholder: 'Filter', 'aria-label': 'Filter by text', value: text, onInput: (e) => this.setState({ text: e.target.value }) }),
        h(
          'select',
          { class: 'filter', 'aria-label': 'Filter by kind', value: kind, onChange: (e) => this.setState({ kind: e.target.value }) },
          h('option', { value: '' }, 'All kinds'),
          kinds.map((one) => h('option', { value: one }, one)),
        ),
        h('span', { class: 'note' }, amount(shown, held ?? all)),
      ),
      shown.length === 0
        ? empty(all.length === 0 ? 'Nothing has happened yet' : 'Nothing like that has happened', 'What hosts and administrators do appears here as they do it. In a terminal:', 'gantry events --follow')
        : h(
            'ol',
            { class: 'events', 'aria-label': 'Events, newest first' },
            shown.slice(0, SHOWN).map((event) =>
              h(
                'li',
                { key: event.id },
                h('time', { dateTime: event.time }, format.time(event.time)),
                h('span', { class: `event-type ${tone(event.type)}` }, event.type),
                h('span', { class: 'event-text' }, event.message, event.who && h('span', { class: 'sub' }, `by ${event.who}`, event.address && ` from ${event.address}`)),
              ),
            ),
          ),
    ];
  }

  componentDidMount() {
    listen();
  }
}

const amount = (shown, all) =>
  `${shown.length > SHOWN ? `the newest ${SHOWN} of ` : ''}${format.count(shown.length)}${shown.length < all.length ? ` of ${format.count(all.length)}` : ''}`;

const contains = ({ type, message, who, address }, text) => [type, message, who, address].some((part) => part?.toLowerCase().includes(text));

const BAD = /refused|finding|^warning$|missing/;
const GRAVE = /deleted|revoked|dropped|cancelled|restored/;

const tone = (type) => (BAD.test(type) ? 'danger' : GRAVE.test(type) ? 'warning' : '');
