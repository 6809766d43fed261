// What the pool is, does, and complains about.

import { h } from '/lib/preact.js';
import { call } from './api.js';
import { activity } from './charts.js';
import { copyRows } from './copies.js';
import * as format from './format.js';
import { attempt, failure, href, may, refresh, use } from './state.js';
import { alert, button, card, copyable, empty, facts, heading, progress, stack, waiting } from './widgets.js';
import { sessionTable } from './sessions.js';
import { volumesIfFew } from './volumes.js';

const RECENT = 6;

/** Volumes whose names are told; of more, how many there are. */
const NAMED = 8;

export function overview() {
  const pool = use('pool', 2000);
  const copies = use('copies', 2000);
  const sessions = use('sessions', 2000);
  const scrub = use('pool/scrub', 2000);
  if (pool === undefined) {
    return [heading('Overview'), waiting(failure('pool'))];
  }
  return [
    heading('Overview', null),
    warnings(pool),
    space(pool, volumesIfFew(pool), scrub),
    activity(),
    h(
      'div',
      { class: 'pair' },
      card(
        'Copies',
        { aside: h('a', { href: href('copies') }, 'All copies') },
        copies === undefined
          ? waiting(failure('copies'))
          : copies.copies.length === 0
            ? empty('No copies yet', 'Copies that hosts ask for appear here: what was shared, what was moved, and why.', 'gantry copy SOURCE-URL DESTINATION-URL')
            : copyRows(copies.copies.slice(0, RECENT)),
      ),
      card(
        'Sessions',
        { aside: h('a', { href: href('sessions') }, sessions?.length > RECENT ? `All ${format.count(sessions.length)} sessions` : 'All sessions') },
        sessions === undefined ? waiting(failure('sessions')) : sessionTable(sessions.slice(-RECENT).reverse(), pool, true),
      ),
    ),
  ];
}

function warnings(pool) {
  const { faults } = pool;
  return [
    pool.warnings.map((text) => alert('warning', text)),
    faults.length > 0 &&
      alert(
        'warning loud',
        h('strong', null, 'Faults on purpose: '),
        'copies of ',
        faults.slice(0, NAMED).map((name, i) => [i > 0 && ', ', h('a', { href: href('volumes', name) }, name)]),
        faults.length > NAMED && ` and ${format.count(faults.length - NAMED)} more`,
        ' go wrong',
      ),
  ];
}

/** What may be used: all that there is, or less if there is a limit. */
function whole(pool) {
  const limit = /^(\d+)(%| bytes)$/.exec(pool.usedLimit);
  const most = limit === null ? Infinity : Number(limit[1]) * (limit[2] === '%' ? pool.capacityBytes / 100 : 1);
  return Math.min(pool.capacityBytes, most);
}

function parts(pool) {
  return [
    { kind: 'own', label: 'Unique', value: Math.max(0, pool.usedBytes - pool.sharedBytes - pool.pinnedBytes), note: 'named once' },
    { kind: 'shared', label: 'Shared', value: pool.sharedBytes, note: 'named more than once by volumes and snapshots' },
    { kind: 'pinned', label: 'Pinned by tokens', value: pool.pinnedBytes, note: 'free when those tokens end' },
    { kind: 'free', label: 'Free', value: Math.max(0, Math.min(pool.freeBytes, whole(pool) - pool.usedBytes)), note: 'can still be written' },
  ];
}

function space(pool, volumes, scrub) {
  const all = parts(pool);
  const used = all.filter(({ kind }) => kind !== 'free');
  const most = whole(pool);
  const mapped = volumes?.reduce((sum, volume) => sum + volume.mappedBytes, 0);
  return card(
    'Space',
    { class: 'space', aside: scrubState(scrub) },
    h(
      'p',
      { class: 'figure' },
      h('b', null, format.bytes(pool.usedBytes)),
      ` used of ${format.bytes(most)}`,
      mapped > pool.usedBytes && pool.usedBytes > 0
        ? h('span', { class: 'saved' }, `volumes map ${format.bytes(mapped)} in it`)
        : null,
    ),
    stack(used, most, `${format.bytes(pool.usedBytes)} used of ${format.bytes(most)}`),
    h(
      'dl',
      { class: 'legend' },
      all.map((part) =>
        h(
          'div',
          { title: part.note },
          h('dt', { class: `key ${part.kind}` }, h('i', null), part.label),
          h('dd', null, format.bytes(part.value), h('small', null, format.percent(part.value, most))),
        ),
      ),
    ),
    facts(
      ['Volumes', format.count(pool.volumes)],
      ['Live tokens', `${format.count(pool.tokens)} of ${format.count(pool.maximumTokens)}`],
      ['Tokens may pin', pool.pinnedLimit],
      ['Warning at', pool.lowLimit],
      ['Chunk', format.bytes(pool.chunkBytes)],
      ['Journal', format.bytes(pool.journalBytes)],
      ['Checkpoint', pool.checkpointed === null ? `${pool.checkpoint}` : `${pool.checkpoint}, ${format.ago(pool.checkpointed)}`],
      ['Portal', copyable(pool.portal, 'the address of the portal')],
      ['Target', copyable(pool.target, 'the name of the target'), 'broad'],
    ),
    scrub && scrub.findings.length > 0 && alert('error', scrub.findings.map((finding) => h('p', null, finding))),
  );
}

const SCRUB = {
  never: 'not scrubbed since the start',
  finished: 'last scrub found nothing wrong',
  stopped: 'last scrub was stopped',
  failed: 'last scrub failed',
};

function scrubState(scrub) {
  if (scrub === undefined) {
    return null;
  }
  const running = scrub.state === 'running';
  const text = scrub.findings.length > 0 ? `last scrub: ${format.plural(scrub.findings.length, 'finding')}` : SCRUB[scrub.state];
  return h(
    'div',
    { class: 'scrub' },
    running
      ? [progress(scrub.readBytes, scrub.usedBytes, 'Scrub'), h('span', null, `${format.percent(scrub.readBytes, scrub.usedBytes)} read`)]
      : h('span', { class: 'note' }, text),
    may('operator') &&
      button(running ? 'Stop scrub' : 'Scrub', () => attempt(async () => {
        await (running ? call('DELETE', 'pool/scrub') : call('POST', 'pool/scrub'));
        refresh('pool/scrub');
      }), { title: running ? undefined : 'Reads everything and compares it with its checksums' }),
  );
}
