// Who may use what: as the configuration file says, which is where it is changed.

import { h } from '/lib/preact.js';
import { apiTokens } from './apitokens.js';
import { call } from './api.js';
import { attempt, failure, may, refresh, toast, use } from './state.js';
import { Table } from './table.js';
import { badge, button, card, empty, heading, waiting } from './widgets.js';

export function access() {
  const view = use('access', 10_000);
  if (view === undefined) {
    return [heading('Access'), waiting(failure('access'))];
  }
  return [
    heading(
      'Access',
      'From the configuration file of the daemon; it is changed there.',
      may('admin') && button('Reload', () => attempt(reload), { title: 'Has the daemon read users and rules again' }),
    ),
    card('Portals', {}, h('ul', { class: 'plain' }, view.portals.map((portal) => h('li', null, h('code', null, portal))))),
    card(
      'Rules',
      {},
      view.rules.length === 0
        ? empty('No rules', 'Initiators on this machine, and all users below, have all volumes; nobody else gets in. To change it, write [[access]] tables into the file of --config, then:', 'gantry access reload')
        : [h('p', { class: 'note' }, 'The first rule that fits counts; no rule, no access.'), h(Table, { label: 'Rules', columns: COLUMNS, rows: view.rules.map((rule, i) => ({ ...rule, number: i + 1 })), id: (rule) => rule.number })],
    ),
    card(
      'Users',
      {},
      view.users.length === 0
        ? empty('No users', 'Nobody can authenticate. CHAP users are [[user]] tables in the file of --config; after a change:', 'gantry access reload')
        : h('ul', { class: 'plain' }, view.users.map((user) => h('li', null, h('code', null, user)))),
    ),
    may('admin') && apiTokens(),
  ];
}

async function reload() {
  await call('POST', 'access/reload');
  toast('Users and rules are read again');
  refresh('access', 'sessions');
}

const list = (texts) => (texts.length === 0 ? h('span', { class: 'note' }, 'any') : texts.map((text) => h('code', { class: 'pattern' }, text)));

const KINDS = { 'read-write': 'ok', 'read-only': 'accent', none: 'danger' };

const COLUMNS = [
  { name: 'Rule', number: true, cell: (rule) => rule.number },
  { name: 'Initiators', cell: (rule) => list(rule.initiators) },
  { name: 'Users', cell: (rule) => list(rule.users) },
  { name: 'Addresses', cell: (rule) => list(rule.addresses) },
  { name: 'Volumes', cell: (rule) => list(rule.volumes) },
  { name: 'Access', cell: (rule) => badge(rule.access, KINDS[rule.access]) },
];
