// Who is logged in.

import { h } from '/lib/preact.js';
import { DropSession } from './actions.js';
import * as format from './format.js';
import { failure, may, open, use } from './state.js';
import { Table } from './table.js';
import { badge, button, copyable, empty, heading, waiting } from './widgets.js';

export function sessions() {
  const pool = use('pool', 2000);
  const all = use('sessions', 2000);
  return [
    heading('Sessions', all && format.plural(all.length, 'session')),
    all === undefined ? waiting(failure('sessions')) : sessionTable(all, pool, false),
  ];
}

/** The sessions; brief is what fits beside other things. */
export function sessionTable(all, pool, brief) {
  if (all.length === 0) {
    return empty(
      'Nobody is logged in',
      `Initiators connect to ${pool?.portal ?? 'the portal'}. With libiscsi, for example:`,
      `iscsi-ls -s iscsi://${pool?.portal ?? 'HOST:PORT'}`,
    );
  }
  const columns = [
    {
      name: 'Initiator',
      class: 'wide',
      sort: (one) => one.initiator,
      cell: (one) => [copyable(one.initiator, `the name of ${one.initiator}`), one.discovery && badge('discovery'), one.user && h('span', { class: 'sub' }, `user ${one.user}`), brief && h('span', { class: 'sub' }, `from ${one.address}`)],
    },
    !brief && { name: 'From', sort: (one) => one.address, cell: (one) => one.address },
    !brief && { name: 'Portal', class: 'detail', sort: (one) => one.portal, cell: (one) => one.portal },
    { name: 'Since', sort: (one) => one.since, cell: (one) => h('time', { dateTime: one.since, title: format.time(one.since) }, format.ago(one.since)) },
    !brief && { name: 'Commands', number: true, class: 'detail', sort: (one) => one.commands, cell: (one) => format.count(one.commands) },
    { name: 'Read', number: true, sort: (one) => one.readBytes, cell: (one) => format.bytes(one.readBytes) },
    { name: 'Written', number: true, sort: (one) => one.writtenBytes, cell: (one) => format.bytes(one.writtenBytes) },
    !brief && {
      name: 'Digests',
      class: 'detail',
      cell: (one) => [one.headerDigest && 'header', one.dataDigest && 'data'].filter(Boolean).join(', ') || 'none',
    },
    !brief &&
      may('operator') && {
        name: 'Actions',
        hidden: true,
        class: 'row-actions',
        cell: (one) => button('Drop', () => open(DropSession, { session: one }), { 'aria-label': `Drop session ${one.id} of ${one.initiator}` }),
      },
  ].filter(Boolean);
  return h(Table, { label: 'Sessions', columns, rows: all, id: (one) => one.id, text: brief ? undefined : (one) => `${one.initiator} ${one.user ?? ''} ${one.address}` });
}
