// Tokens of the REST interface, which people and programs log in with: only for administrators.

import { Component, h } from '/lib/preact.js';
import { call, path } from './api.js';
import { Confirm, Field, Form, nameProblem } from './dialog.js';
import * as format from './format.js';
import { failure, open, refresh, toast, use } from './state.js';
import { Table } from './table.js';
import { badge, button, card, copyable, empty, waiting } from './widgets.js';

export function apiTokens() {
  const all = use('api-tokens', 10_000);
  return card(
    'API tokens',
    { aside: button('New token', () => open(CreateToken, { taken: all?.map(({ name }) => name) ?? [] })) },
    all === undefined
      ? waiting(failure('api-tokens'))
      : all.length === 0
        ? empty('No tokens', 'Only the token of the data directory opens this console and the REST interface. Make one for each person and program:', 'gantry api-token create NAME --role viewer')
        : h(Table, { label: 'API tokens', columns: COLUMNS, rows: all, id: ({ name }) => name, sortBy: 'Name' }),
  );
}

const ROLES = [
  ['viewer', 'viewer: sees everything'],
  ['operator', 'operator: volumes, snapshots, tokens, copies'],
  ['admin', 'admin: everything'],
];

const TONES = { admin: 'warning', operator: 'accent' };

const COLUMNS = [
  { name: 'Name', class: 'name', sort: (one) => one.name, cell: (one) => h('strong', null, one.name) },
  { name: 'Role', sort: (one) => one.role, cell: (one) => badge(one.role, TONES[one.role]) },
  { name: 'Made', sort: (one) => one.created, cell: (one) => h('time', { dateTime: one.created }, format.time(one.created)) },
  { name: 'Expires', sort: (one) => one.expires ?? '9', cell: (one) => (one.expires === null ? 'never' : format.time(one.expires)) },
  {
    name: 'Actions',
    hidden: true,
    class: 'row-actions',
    cell: (one) => button('Revoke', () => open(Revoke, { name: one.name }), { 'aria-label': `Revoke the token ${one.name}` }),
  },
];

/** Props: taken. Shows the token, once. */
class CreateToken extends Component {
  render({ taken }, { name = '', role = 'viewer', days = '', made = null }) {
    if (made !== null) {
      return h(
        Form,
        { title: `Token ${made.name}`, submit: 'Done', send: async () => {} },
        h('p', null, 'This is the only time that it is shown. Whoever has it is ', h('strong', null, made.role), '.'),
        copyable(made.token, 'the token', { class: 'url-line' }),
      );
    }
    const problem = nameProblem(name, taken);
    const wrong = days === '' || /^[1-9]\d{0,4}$/.test(days) ? null : 'A number of days, or nothing.';
    return h(
      Form,
      {
        key: 'form',
        title: 'New API token',
        submit: 'Make token',
        keepOpen: true,
        ready: name !== '' && !problem && !wrong,
        send: async () => {
          const expires = days === '' ? null : new Date(Date.now() + Number(days) * 86_400_000).toISOString().replace(/\.\d+Z$/, 'Z');
          const answer = await call('POST', 'api-tokens', { name, role, expires });
          refresh('api-tokens');
          this.setState({ made: answer });
        },
      },
      h(Field, { label: 'Name', name: 'name', value: name, problem, hint: 'Of the person or program; events and the audit trail name it.', input: (text) => this.setState({ name: text }) }),
      h(Field, { label: 'Role', name: 'role', value: role, options: ROLES, input: (text) => this.setState({ role: text }) }),
      h(Field, { label: 'Expires in days', name: 'days', value: days, problem: wrong, hint: 'Nothing: never.', input: (text) => this.setState({ days: text }) }),
    );
  }
}

/** Props: name. */
const Revoke = ({ name }) =>
  h(
    Confirm,
    {
      title: `Revoke the token ${name}`,
      submit: 'Revoke token',
      send: async () => {
        await call('DELETE', path`api-tokens/${name}`);
        toast(`Token ${name} is revoked`);
        refresh('api-tokens');
      },
    },
    h('p', null, 'Whoever uses ', h('strong', null, name), ' is refused from now on, and browsers that have logged in with it are logged out.'),
  );
