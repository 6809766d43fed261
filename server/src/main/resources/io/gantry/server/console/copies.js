// What hosts asked the storage to copy; and where it could not be by sharing, why.

import { h } from '/lib/preact.js';
import { CancelCopy } from './actions.js';
import * as format from './format.js';
import { failure, may, open, use } from './state.js';
import { Table } from './table.js';
import { badge, button, card, empty, facts, heading, progress, stack, waiting } from './widgets.js';

const STATES = { running: 'accent', completed: 'ok', partial: 'warning', failed: 'danger', aborted: 'warning' };

export const command = (copy) => copy.command.toLowerCase().replaceAll('_', ' ');

export function copies() {
  const view = use('copies', 1000);
  if (view === undefined) {
    return [heading('Copies'), waiting(failure('copies'))];
  }
  const running = view.copies.filter((copy) => copy.state === 'running');
  const ended = view.copies.filter((copy) => copy.state !== 'running');
  return [
    heading('Copies', `${format.plural(view.copied, 'copy', 'copies')} since the daemon's start, ${format.count(view.running)} running`),
    totals(view),
    running.length > 0 && card('Running', {}, running.map(runningCopy)),
    ended.length === 0 && running.length === 0
      ? empty(
          'No copies yet',
          'When a host copies by token or EXTENDED COPY, it appears here: what was shared, what had to be moved, and why. Does Windows not offload? Ask the doctor.',
          'gantry doctor iscsi://HOST/TARGET/LUN',
          'gantry copy SOURCE-URL DESTINATION-URL',
        )
      : h(Table, { label: 'Copies that have ended', columns: COLUMNS, rows: ended, id: (copy) => copy.id, text: (copy) => `${ends(copy)} ${command(copy)} ${copy.initiator} ${copy.state} ${copy.notOffloaded} ${copy.outcome}`, sortBy: 'Id', sortDown: true }),
  ];
}

const copyParts = (copy) => [
  { kind: 'shared', label: 'Shared', value: copy.sharedBytes },
  { kind: 'pinned', label: 'Moved', value: copy.copiedBytes },
  { kind: 'zeroed', label: 'Zeroed', value: copy.zeroedBytes },
];

function totals(view) {
  const whole = view.sharedBytes + view.copiedBytes + view.zeroedBytes;
  return card(
    'Since the start',
    {},
    whole > 0 && stack(copyParts(view), whole, 'Bytes of all copies'),
    whole > 0 &&
      h(
        'dl',
        { class: 'legend' },
        copyParts(view).map((part) =>
          h('div', null, h('dt', { class: `key ${part.kind}` }, h('i', null), part.label), h('dd', null, format.bytes(part.value), h('small', null, format.percent(part.value, whole)))),
        ),
      ),
    facts(
      ['Tokens made', format.count(view.tokens)],
      ['Copies', format.count(view.copied)],
      ['Partial', format.count(view.partial)],
      ['Failed', format.count(view.failed)],
      ['Aborted', format.count(view.aborted)],
      ['Redeemed by', view.redeemers],
      ['Move at most', view.bytesPerSecond >= Number.MAX_SAFE_INTEGER ? 'no limit' : format.rate(view.bytesPerSecond)],
      ['At a time', format.count(view.depth)],
    ),
  );
}

/** From where to where; of a token that nobody knows it is not known. */
const ends = (copy) => `${copy.source || 'unknown'} → ${copy.destination || 'unknown'}`;

const done = (copy) => copy.sharedBytes + copy.copiedBytes + copy.zeroedBytes;

function runningCopy(copy) {
  return h(
    'div',
    { class: 'running', key: copy.id },
    h('div', { class: 'running-head' }, h('strong', null, ends(copy)), h('span', { class: 'note' }, `${command(copy)} of `, h('code', null, copy.initiator))),
    progress(done(copy), copy.wantedBytes, `Copy ${copy.id}`),
    h(
      'div',
      { class: 'running-foot' },
      h('span', null, `${format.bytes(done(copy))} of ${format.bytes(copy.wantedBytes)}, ${format.duration(copy.tookSeconds)}`),
      copy.notOffloaded !== '' && h('span', { class: 'why' }, `moved: ${copy.notOffloaded}`),
      may('operator') && button('Cancel', () => open(CancelCopy, { copy }), { 'aria-label': `Cancel copy ${copy.id}` }),
    ),
  );
}

/** Why a copy was not what it could have been; nothing if it was. */
const remark = (copy) => [
  copy.notOffloaded !== '' && h('p', { class: 'why' }, h('strong', null, 'Not offloaded: '), copy.notOffloaded),
  copy.outcome !== '' && h('p', { class: 'why' }, h('strong', null, 'Told: '), copy.outcome),
];

const COLUMNS = [
  { name: 'Id', number: true, sort: (copy) => copy.id, cell: (copy) => copy.id },
  {
    name: 'Copy',
    class: 'wide',
    sort: (copy) => copy.source,
    cell: (copy) => [h('span', null, ends(copy)), h('span', { class: 'sub' }, command(copy), ' of ', h('code', null, copy.initiator)), remark(copy)],
  },
  { name: 'State', sort: (copy) => copy.state, cell: (copy) => badge(copy.state, STATES[copy.state]) },
  { name: 'Bytes', number: true, sort: (copy) => copy.wantedBytes, cell: (copy) => format.bytes(copy.wantedBytes) },
  { name: 'Shared', number: true, sort: (copy) => copy.sharedBytes, cell: (copy) => format.bytes(copy.sharedBytes) },
  { name: 'Moved', number: true, sort: (copy) => copy.copiedBytes, cell: (copy) => format.bytes(copy.copiedBytes) },
  { name: 'Zeroed', number: true, class: 'detail', sort: (copy) => copy.zeroedBytes, cell: (copy) => format.bytes(copy.zeroedBytes) },
  { name: 'Took', number: true, class: 'detail', sort: (copy) => copy.tookSeconds, cell: (copy) => format.latency(copy.tookSeconds) },
  { name: 'Began', class: 'detail', sort: (copy) => copy.started, cell: (copy) => h('time', { dateTime: copy.started, title: format.time(copy.started) }, format.ago(copy.started)) },
];

/** In a word: how it ended, or how it was done. */
function outcome(copy) {
  if (copy.state !== 'completed') {
    return badge(copy.state, STATES[copy.state]);
  }
  if (copy.copiedBytes > 0) {
    return badge('moved', 'warning');
  }
  return copy.command === 'POPULATE_TOKEN' ? badge('token made') : badge('offloaded', 'ok');
}

/** Some copies, one line each. */
export const copyRows = (some) =>
  h(
    'ul',
    { class: 'rows' },
    some.map((copy) =>
      h(
        'li',
        { key: copy.id },
        h(
          'div',
          null,
          h('span', null, ends(copy)),
          copy.state === 'running' && progress(done(copy), copy.wantedBytes, `Copy ${copy.id}`),
          (copy.notOffloaded !== '' || copy.outcome !== '') && h('span', { class: 'sub' }, copy.notOffloaded || copy.outcome),
        ),
        h('span', { class: 'number' }, format.bytes(copy.wantedBytes)),
        outcome(copy),
      ),
    ),
  );
