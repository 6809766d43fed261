// All volumes.

import { Component, h } from '/lib/preact.js';
import { Clone, CreateSnapshot, CreateVolume, DeleteVolume, Resize } from './actions.js';
import * as format from './format.js';
import { failure, href, may, open, use } from './state.js';
import { CopyButton, Menu, Table, badge, button, empty, heading, stack, waiting } from './widgets.js';

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
        : h(VolumeTable, { all, taken }),
  ];
}

class VolumeTable extends Component {
  render({ all, taken }, { filter = '' }) {
    const shown = all.filter(({ name }) => name.toLowerCase().includes(filter.toLowerCase()));
    return [
      all.length > 8 &&
        h('input', {
          class: 'filter',
          type: 'search',
          placeholder: 'Filter by name',
          'aria-label': 'Filter by name',
          value: filter,
          onInput: (e) => this.setState({ filter: e.target.value }),
        }),
      shown.length === 0
        ? h('p', { class: 'waiting' }, `No name has '${filter}' in it.`)
        : h(Table, { label: 'Volumes', columns: columns(taken), rows: shown, id: ({ lun }) => lun, sortBy: 'LUN', dense: true }),
    ];
  }
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
    cell: (volume) => h('span', { class: 'copyable' }, h('code', { title: volume.url }, volume.url), h(CopyButton, { text: volume.url, what: `the URL of ${volume.name}` })),
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
