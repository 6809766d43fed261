// A picture of a volume's address space, from its first byte to its last, row by row: which parts
// are holes, its own, or shared, and with whom. As SVG, so that style sheets give it its colours.

import { Component, h } from '/lib/preact.js';
import * as format from './format.js';
import { href } from './state.js';

/** How many cells to ask for; the daemon answers with fewer for a volume of fewer chunks. */
export const CELLS = 1024;

const WIDTH = 1024;
const ROW = 12;

/** Props: sharing, as the daemon tells it; volume, its name; sizeBytes. */
export class AddressMap extends Component {
  render({ sharing, volume, sizeBytes }, { most = 128, cursor = null, chosen = null }) {
    const count = sharing.ownBytes.length;
    const columns = Math.min(most, count);
    const rows = Math.ceil(count / columns);
    const grid = { columns, width: WIDTH / columns };
    const sharer = sharing.sharers.find(({ name }) => name === chosen) ?? null;
    this.grid = { columns, rows, count };
    return h(
      'div',
      { class: 'map', ref: (root) => (this.root = root) },
      h(
        'svg',
        {
          ref: (svg) => (this.svg = svg),
          viewBox: `0 0 ${WIDTH} ${rows * ROW}`,
          height: rows * (rows < 4 ? 2 * ROW : ROW),
          preserveAspectRatio: 'none',
          role: 'img',
          tabIndex: 0,
          'aria-label': 'Address space of the volume; arrow keys move through it',
          onPointerMove: (e) => this.point(e),
          onPointerLeave: () => this.setState({ cursor: null }),
          onBlur: () => this.setState({ cursor: null }),
          onKeyDown: (e) => this.key(e),
        },
        rectangles([{ first: 0, count }], grid, 'hole'),
        h('g', { class: sharer === null ? '' : 'dim' }, parts(sharing, grid)),
        sharer !== null && h('g', null, parts(sharing, grid, within(sharer))),
        Array.from({ length: rows - 1 }, (_, i) => h('line', { class: 'gap', x1: 0, x2: WIDTH, y1: (i + 1) * ROW, y2: (i + 1) * ROW })),
        cursor !== null && cursor < count && rectangles([{ first: cursor, count: 1 }], grid, 'cursor'),
      ),
      h(
        'div',
        { class: 'map-foot' },
        h('span', { class: 'key own' }, h('i', null), 'Own'),
        h('span', { class: 'key shared' }, h('i', null), 'Shared'),
        h('span', { class: 'key hole' }, h('i', null), 'Hole'),
        h('span', { class: 'map-place', 'aria-live': 'polite' }, cursor === null || cursor >= count ? `a cell is ${format.bytes(sharing.cellBytes)}` : place(sharing, cursor, sizeBytes)),
      ),
      sharing.sharers.length > 0 && this.sharers(sharing, volume, chosen),
    );
  }

  sharers({ sharers, complete }, volume, chosen) {
    const most = sharers[0].bytes;
    return h(
      'div',
      { class: 'sharers' },
      h('h3', null, 'Shared with'),
      h(
        'ul',
        { class: 'rows' },
        sharers.map(({ kind, name, bytes }) =>
          h(
            'li',
            { key: kind + name },
            h('span', { class: 'sharer-name' }, kind === 'token' ? h('a', { href: href('tokens') }, 'token ', h('code', null, name)) : who(kind, name, volume)),
            h('span', { class: 'sharer-bar' }, h('i', { style: { width: `${(100 * bytes) / most}%` } })),
            h('span', { class: 'number' }, format.bytes(bytes)),
            h(
              'button',
              { type: 'button', class: 'button', 'aria-pressed': String(chosen === name), 'aria-label': `Show where ${name} shares`, onClick: () => this.setState({ chosen: chosen === name ? null : name }) },
              'Show',
            ),
          ),
        ),
      ),
      !complete && h('p', { class: 'note' }, 'There is more to look at than a picture is worth: some who share may be missing.'),
    );
  }

  componentDidMount() {
    this.observer = new ResizeObserver(([entry]) => {
      const width = entry.contentRect.width;
      this.setState({ most: width >= 800 ? 128 : width >= 480 ? 64 : 32 });
    });
    this.observer.observe(this.root);
  }

  componentWillUnmount() {
    this.observer.disconnect();
  }

  point(event) {
    const { columns, rows, count } = this.grid;
    const box = this.svg.getBoundingClientRect();
    const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
    const row = Math.floor(((event.clientY - box.top) / box.height) * rows);
    this.setState({ cursor: Math.min(count - 1, Math.max(0, row * columns + column)) });
  }

  key(event) {
    const { columns, count } = this.grid;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      const to = (this.state.cursor ?? null) === null ? 0 : this.state.cursor + step;
      this.setState({ cursor: Math.min(count - 1, Math.max(0, to)) });
    }
  }
}

function who(kind, name, volume) {
  if (name === volume) {
    return 'itself, in other places';
  }
  const [owner] = name.split('@');
  return [h('a', { href: href('volumes', owner) }, name), kind === 'snapshot' && h('span', { class: 'note' }, ' snapshot')];
}

function place(sharing, cell, sizeBytes) {
  const offset = cell * sharing.cellBytes;
  const own = sharing.ownBytes[cell];
  const shared = sharing.sharedBytes[cell];
  const hole = Math.min(sharing.cellBytes, sizeBytes - offset) - own - shared;
  const names = sharing.sharers.filter((sharer) => within(sharer)(cell)).map(({ kind, name }) => (kind === 'token' ? 'a token' : name));
  return [
    `at ${format.bytes(offset)}:`,
    own > 0 && `own ${format.bytes(own)}`,
    shared > 0 && `shared ${format.bytes(shared)}${names.length > 0 ? ` with ${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''}` : ''}`,
    hole > 0 && `hole ${format.bytes(hole)}`,
  ]
    .filter(Boolean)
    .join(' ');
}

const within = (sharer) => (cell) => sharer.cells.some(({ first, count }) => cell >= first && cell < first + count);

/** What is own and what is shared, for cells that are wanted; a cell is filled from below. */
function parts(sharing, grid, isWanted = () => true) {
  return ['shared', 'own'].map((kind) => {
    const runs = [];
    sharing.ownBytes.forEach((own, cell) => {
      const shared = level(sharing.sharedBytes[cell], sharing.cellBytes);
      const height = kind === 'shared' ? shared : Math.min(1 - shared, level(own, sharing.cellBytes));
      const below = kind === 'shared' ? 0 : shared;
      if (height > 0 && isWanted(cell)) {
        const last = runs.at(-1);
        if (last !== undefined && last.first + last.count === cell && last.height === height && last.below === below) {
          last.count++;
        } else {
          runs.push({ first: cell, count: 1, height, below });
        }
      }
    });
    return rectangles(runs, grid, kind);
  });
}

/** How full a cell is, in eighths; what is there at all can be seen. */
const level = (bytes, cellBytes) => (bytes === 0 ? 0 : Math.max(1, Math.round((8 * bytes) / cellBytes)) / 8);

/** A rectangle for each row that a run of cells goes through. */
function rectangles(runs, { columns, width }, kind) {
  return runs.flatMap(({ first, count, height = 1, below = 0 }) => {
    const result = [];
    for (let at = first; at < first + count; ) {
      const row = Math.floor(at / columns);
      const end = Math.min(first + count, (row + 1) * columns);
      result.push(h('rect', { class: kind, x: (at % columns) * width, y: (row + 1 - below - height) * ROW, width: (end - at) * width, height: height * ROW }));
      at = end;
    }
    return result;
  });
}
