// All volumes.

import { h } from '/lib/preact.js';
import { Clone, CreateSnapshot, CreateVolume, DeleteVolume, Resize } from './actions.js';
import * as format from './format.js';
import { failure, href, may, open, use } from './state.js';
import { Table } from './table.js';
import { Menu, badge, button, copyable, empty, heading, stack, waiting } from './widgets.js';

const FEW = 500;

/** All volumes, for what is only nice to know of them; undefined if they are too many for that. */
export const volumesIfFew = (pool) => (pool?.volumes <= FEW ? use('volumes', 10_000) : undefined);

export function volumes() {
  const all = use('volumes', 5000);
  const taken = all?.map(({ name }) => name) ?? [];
  return [
    heading(
      'Volumes',
      all && `${format.plural(all.length, 'volume')}, ${format.bytes(all.reduce((sum, one) => sum + one.sizeBytes, 0))} provisioned`,
      may('operator') && button('New volume', () => open(CreateVolume, { taken }), { class: 'primary' }),
    ),
    all === undefined
      ? waiting(failure('volumes'))
      : all.length === 0
        ? empty('No volumes yet', 'A volume is a disk for initiators. It is thin: it takes space as it is written.', 'gantry volume create golden 40G', 'gantry volume import win11 win11.raw')
        : h(Table, { label: 'Volumes', columns: columns(taken), rows: all, id: ({ lun }) => lun, text: (volume) => volume.name, sortBy: 'LUN', dense: true }),
  ];
}

export const volumeBadges = (volume) => [volume.readOnly && badge('read-only'), volume.faults !== '' && badge('faults on purpose', 'danger loud')];

const shared = (volume) => volume.mappedBytes - volume.uniqueBytes;

const columns = (taken) => [
  { name: 'LUN', number: true, sort: (volume) => volume.lun, cell: (volume) => volume.lun },
  {
    name: 'Name',
    class: 'name',
    sort: (volume) => volume.name,
    cell: (volume) => [h('a', { href: href('volumes', volume.name) }, volume.name), volumeBadges(volume)],
  },
  { name: 'Size', number: true, sort: (volume) => volume.sizeBytes, cell: (volume) => format.bytes(volume.sizeBytes) },
  {
    name: 'Use',
    class: 'use',
    cell: (volume) =>
      stack(
        [
          { kind: 'own', label: 'Own', value: volume.uniqueBytes },
          { kind: 'shared', label: 'Shared', value: shared(volume) },
        ],
        volume.sizeBytes,
        `${format.percent(volume.mappedBytes, volume.sizeBytes)} mapped`,
      ),
  },
  { name: 'Mapped', number: true, sort: (volume) => volume.mappedBytes, cell: (volume) => format.bytes(volume.mappedBytes) },
  { name: 'Own', number: true, sort: (volume) => volume.uniqueBytes, cell: (volume) => format.bytes(volume.uniqueBytes) },
  { name: 'Shared', number: true, sort: shared, cell: (volume) => format.bytes(shared(volume)) },
  { name: 'Snapshots', number: true, sort: (volume) => volume.snapshots, cell: (volume) => volume.snapshots },
  {
    name: 'URL',
    class: 'url',
    cell: (volume) => copyable(volume.url, `the URL of ${volume.name}`),
  },
  {
    name: 'Actions',
    hidden: true,
    class: 'row-actions',
    cell: (volume) =>
      may('operator') &&
      h(Menu, {
        label: `Actions for ${volume.name}`,
        items: [
          { text: 'Snapshot', run: () => open(CreateSnapshot, { volume: volume.name }) },
          { text: 'Clone', run: () => open(Clone, { volume: volume.name, taken }) },
          { text: 'Resize', run: () => open(Resize, { volume }) },
          { text: 'Delete', danger: true, run: () => open(DeleteVolume, { volume, snapshots: volume.snapshots }) },
        ],
      }),
  },
];
