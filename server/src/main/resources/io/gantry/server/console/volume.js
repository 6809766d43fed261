// One volume: what it is, a picture of its address space, its snapshots.

import { h } from '/lib/preact.js';
import { Clone, CreateSnapshot, DeleteSnapshot, DeleteVolume, Protect, Rename, Resize, RollBack } from './actions.js';
import { ClearFaults, SetFaults } from './faults.js';
import { AddressMap, CELLS } from './addressmap.js';
import { path } from './api.js';
import { activity } from './charts.js';
import * as format from './format.js';
import { failure, href, may, open, use } from './state.js';
import { Table } from './table.js';
import { volumesIfFew } from './volumes.js';
import { Menu, alert, badge, button, card, copyable, empty, facts, heading, icon, waiting } from './widgets.js';

export function volume(name) {
  const one = use(path`volumes/${name}`, 3000);
  const all = volumesIfFew(use('pool', 2000));
  const snapshots = use(path`volumes/${name}/snapshots`, 5000);
  const picture = `${path`volumes/${name}/sharing`}?cells=${CELLS}`;
  const sharing = use(picture, 5000);
  const back = h('a', { class: 'back', href: href('volumes') }, icon('back'), 'Volumes');
  if (one === undefined) {
    return [back, heading(name), waiting(failure(path`volumes/${name}`))];
  }
  const taken = all?.map((other) => other.name) ?? [];
  return [
    back,
    heading(
      [one.name, one.readOnly && badge('read-only')],
      null,
      may('operator') && button('Snapshot', () => open(CreateSnapshot, { volume: name }), { class: 'primary' }),
      may('operator') && button('Clone', () => open(Clone, { volume: name, taken })),
      may('operator') && button('Resize', () => open(Resize, { volume: one })),
      may('operator') &&
        h(Menu, {
          label: 'More actions',
          items: [
            { text: 'Rename', run: () => open(Rename, { volume: one, taken }) },
            { text: one.readOnly ? 'Allow writing' : 'Make read-only', run: () => open(Protect, { volume: name, on: !one.readOnly }) },
            may('admin') && { text: 'Faults on purpose', run: () => open(SetFaults, { volume: name }) },
            { text: 'Delete', danger: true, run: () => open(DeleteVolume, { volume: one, snapshots: snapshots?.length ?? 0 }) },
          ].filter(Boolean),
        }),
    ),
    one.faults !== '' &&
      alert(
        'warning loud',
        h('strong', null, 'Faults on purpose: '),
        `${one.faults}. `,
        h(
          'span',
          { class: 'alert-actions' },
          may('admin') && button('Change', () => open(SetFaults, { volume: name })),
          may('operator') && button('Switch off', () => open(ClearFaults, { volume: name, faults: one.faults })),
        ),
      ),
    card(
      'Volume',
      {},
      copyable(one.url, 'the URL', { class: 'url-line' }),
      facts(
        ['Size', format.bytes(one.sizeBytes)],
        ['Mapped', format.bytes(one.mappedBytes)],
        ['Own', format.bytes(one.uniqueBytes)],
        ['Shared', format.bytes(one.mappedBytes - one.uniqueBytes)],
        ['LUN', one.lun],
        ['Blocks', one.physicalBlockBytes === one.blockBytes ? `${one.blockBytes} bytes` : `${one.blockBytes} bytes, physical ${one.physicalBlockBytes}`],
      ),
    ),
    card('Address space', {}, sharing === undefined ? waiting(failure(picture)) : h(AddressMap, { sharing, volume: name, sizeBytes: one.sizeBytes })),
    activity(one.lun),
    card('Snapshots', {}, snapshots === undefined ? waiting(failure(path`volumes/${name}/snapshots`)) : snapshotTable(name, snapshots, taken)),
  ];
}

function snapshotTable(name, snapshots, taken) {
  if (snapshots.length === 0) {
    return empty('No snapshots', 'A snapshot keeps what the volume holds at an instant. It takes no time, and space only for what is written over later.', `gantry snapshot create ${name} before-update`);
  }
  const columns = [
    { name: 'Name', class: 'name', sort: (one) => one.name, cell: (one) => h('strong', null, one.name) },
    { name: 'Taken', sort: (one) => one.created, cell: (one) => [h('time', { dateTime: one.created }, format.time(one.created)), h('span', { class: 'sub' }, format.ago(one.created))] },
    { name: 'Size', number: true, sort: (one) => one.sizeBytes, cell: (one) => format.bytes(one.sizeBytes) },
    { name: 'Mapped', number: true, sort: (one) => one.mappedBytes, cell: (one) => format.bytes(one.mappedBytes) },
    { name: 'Own', number: true, sort: (one) => one.uniqueBytes, cell: (one) => format.bytes(one.uniqueBytes) },
    {
      name: 'Actions',
      hidden: true,
      class: 'row-actions',
      cell: (one) =>
        may('operator') && [
          button('Clone', () => open(Clone, { volume: name, snapshot: one.name, taken }), { 'aria-label': `Clone ${name}@${one.name}` }),
          h(Menu, {
            label: `Actions for ${name}@${one.name}`,
            items: [
              { text: 'Roll back', danger: true, run: () => open(RollBack, { snapshot: one }) },
              { text: 'Delete', danger: true, run: () => open(DeleteSnapshot, { snapshot: one }) },
            ],
          }),
        ],
    },
  ];
  return h(Table, { label: 'Snapshots', columns, rows: snapshots, id: (one) => one.name, text: (one) => one.name, sortBy: 'Taken', sortDown: true });
}
