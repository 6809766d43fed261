// Tokens that are alive: what they stand for, what they keep of the pool, and for how long.

import { Component, h } from '/lib/preact.js';
import { RevokeToken } from './actions.js';
import * as format from './format.js';
import { failure, href, may, onAnswer, open, use } from './state.js';
import { Table, badge, button, empty, heading, waiting } from './widgets.js';

const SHOWN = 500;
const PATH = `tokens?limit=${SHOWN}`;

/** When the list came, which the seconds that are left count from. */
let told = Date.now();

onAnswer((path) => {
  if (path === PATH) {
    told = Date.now();
  }
});

export function tokens() {
  const pool = use('pool', 2000);
  const all = use(PATH, 3000);
  if (all === undefined) {
    return [heading('Tokens'), waiting(failure(PATH))];
  }
  const note = pool && `${format.plural(pool.tokens, 'token')} of ${format.count(pool.maximumTokens)}, which pin ${format.bytes(pool.pinnedBytes)}; at most ${pool.pinnedLimit}`;
  return [
    heading('Tokens', note),
    all.length === 0
      ? empty('No tokens are alive', 'A token stands for a range while somebody copies it. Hosts make them by POPULATE TOKEN; they end by themselves.', 'gantry copy SOURCE-URL DESTINATION-URL --method odx')
      : h(Table, { label: 'Tokens', columns: columns(), rows: all, id: (token) => token.id, sortBy: 'Ends in' }),
    all.length === SHOWN && h('p', { class: 'note' }, `The oldest ${SHOWN} are shown. `, h('code', null, 'gantry token list'), ' shows all.'),
  ];
}

const columns = () =>
  [
    {
      name: 'Token',
      cell: (token) => [h('code', null, token.id), token.kind !== 'point_in_time' && badge(token.kind.replaceAll('_', ' ')), token.persistent && badge('persistent')],
    },
    {
      name: 'Of volume',
      sort: (token) => token.volume,
      cell: (token) => (token.volume === '' ? 'gone' : h('a', { href: href('volumes', token.volume) }, token.volume)),
    },
    { name: 'Stands for', number: true, sort: (token) => token.lengthBytes, cell: (token) => format.bytes(token.lengthBytes) },
    { name: 'Pins', number: true, sort: (token) => token.uniqueBytes, cell: (token) => format.bytes(token.uniqueBytes) },
    { name: 'Made by', class: 'wide', sort: (token) => token.owner, cell: (token) => h('code', null, token.owner) },
    { name: 'Made', sort: (token) => token.created, cell: (token) => h('time', { dateTime: token.created, title: format.time(token.created) }, format.ago(token.created)) },
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
