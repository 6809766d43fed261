// Tokens that are alive: what they stand for, what they keep of the pool, and for how long.

import { Component, h } from '/lib/preact.js';
import { RevokeToken } from './actions.js';
import * as format from './format.js';
import { changed, failure, href, may, onAnswer, open, use } from './state.js';
import { Table } from './table.js';
import { badge, button, copyable, empty, heading, waiting } from './widgets.js';

/** So many are asked for at a time, oldest first; there may be a hundred thousand. */
const SHOWN = 500;

/** Serial numbers that the lists before this one began at, and this one. */
let from = [0];

/** When the list came, which the seconds that are left count from. */
let told = Date.now();

onAnswer((path) => {
  if (path === null) {
    from = [0];
  } else if (path.startsWith('tokens?')) {
    told = Date.now();
  }
});

const turn = (to) => () => {
  from = to;
  changed();
};

export function tokens() {
  const pool = use('pool', 2000);
  const path = `tokens?from=${from.at(-1)}&limit=${SHOWN}`;
  const all = use(path, 3000);
  const note = pool && `${format.plural(pool.tokens, 'token')} of ${format.count(pool.maximumTokens)}, which pin ${format.bytes(pool.pinnedBytes)}; at most ${pool.pinnedLimit}`;
  const some = all !== undefined && (from.length > 1 || all.length === SHOWN);
  return [
    heading('Tokens', note),
    some &&
      h(
        'div',
        { class: 'filters' },
        h('span', { class: 'note' }, `${format.count(SHOWN)} at a time, in the order of their making`),
        h('div', { class: 'pager', role: 'group', 'aria-label': 'Tokens by age' }, [
          button('Older', turn(from.slice(0, -1)), { disabled: from.length === 1 }),
          button('Newer', turn([...from, all.at(-1)?.serial + 1]), { disabled: all.length < SHOWN }),
        ]),
      ),
    all === undefined
      ? waiting(failure(path))
      : all.length === 0
        ? empty(from.length > 1 ? 'No newer tokens are alive' : 'No tokens are alive', 'A token stands for a range while somebody copies it. Hosts make them by POPULATE TOKEN; they end by themselves.', 'gantry copy SOURCE-URL DESTINATION-URL --method odx')
        : h(Table, { label: 'Tokens', columns: columns(), rows: all, id: (token) => token.id, text: (token) => `${token.id} ${token.volume} ${token.owner}`, sortBy: 'Ends in' }),
  ];
}

const columns = () =>
  [
    {
      name: 'Token',
      cell: (token) => [copyable(token.id, `the number of token ${token.id}`), token.kind !== 'point_in_time' && badge(token.kind.replaceAll('_', ' ')), token.persistent && badge('persistent')],
    },
    {
      name: 'Of volume',
      class: 'of',
      sort: (token) => token.volume,
      cell: (token) => (token.volume === '' ? 'gone' : h('a', { href: href('volumes', token.volume) }, token.volume)),
    },
    { name: 'Stands for', number: true, class: 'detail', sort: (token) => token.lengthBytes, cell: (token) => format.bytes(token.lengthBytes) },
    { name: 'Pins', number: true, sort: (token) => token.uniqueBytes, cell: (token) => format.bytes(token.uniqueBytes) },
    { name: 'Made by', class: 'wide', sort: (token) => token.owner, cell: (token) => h('code', null, token.owner) },
    { name: 'Made', class: 'detail', sort: (token) => token.created, cell: (token) => h('time', { dateTime: token.created, title: format.time(token.created) }, format.ago(token.created)) },
    { name: 'Ends in', number: true, sort: (token) => token.expiresInSeconds, cell: (token) => h(Countdown, { token }) },
    may('operator') && {
      name: 'Actions',
      hidden: true,
      class: 'row-actions',
      cell: (token) => button('Revoke', () => open(RevokeToken, { token }), { 'aria-label': `Revoke token ${token.id}` }),
    },
  ].filter(Boolean);

/** What is left of a token's time, as a number and a bar; ticks each second. */
class Countdown extends Component {
  render({ token }) {
    const left = Math.max(0, token.expiresInSeconds - (Date.now() - told) / 1000);
    const whole = token.inactivityTimeoutSeconds;
    return h(
      'span',
      { class: `countdown ${left < 30 ? 'soon' : ''}`, title: `${format.duration(whole)} without use${token.lifetimeSeconds > 0 ? `, ${format.duration(token.lifetimeSeconds)} at most` : ''}` },
      h('span', { role: 'timer' }, format.duration(left)),
      h('span', { class: 'countdown-bar' }, h('i', { style: { width: `${whole === 0 ? 0 : Math.min(100, (100 * left) / whole)}%` } })),
    );
  }

  componentDidMount() {
    this.timer = setInterval(() => this.setState({}), 1000);
  }

  componentWillUnmount() {
    clearInterval(this.timer);
  }
}
