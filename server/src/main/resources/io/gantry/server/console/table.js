// Tables that can be ordered, searched, and of any length: a page of rows is drawn at a time.

import { Component, createRef, h } from '/lib/preact.js';
import * as format from './format.js';
import { icon, iconButton } from './widgets.js';

/** Rows of a page. */
const PAGE = 50;

/** From so many rows on it is worth to search. */
const MANY = 8;

/**
 * Props: label; columns; rows; id, of a row; sortBy, the name of a column, and sortDown; text, what
 * a row is found by, without which nobody searches; dense: on a phone, two cells side by side.
 *
 * A column is {name, cell, sort, number, class, hidden}: cell makes what is shown of a row, sort
 * gives what it is ordered by; without it the column is in no order. On a phone each row is a block
 * with the names of its columns.
 */
export class Table extends Component {
  constructor(props) {
    super(props);
    this.state = { by: props.sortBy ?? null, down: props.sortDown ?? false, search: '', page: 0 };
    this.top = createRef();
  }

  render({ label, columns, rows, id, text, dense }, { search, page }) {
    const found = this.found(rows);
    const last = Math.max(0, Math.ceil(found.length / PAGE) - 1);
    const at = Math.min(page, last);
    const isSearched = text !== undefined && rows.length > MANY;
    return [
      (isSearched || last > 0) &&
        h(
          'div',
          { class: 'filters', ref: this.top },
          isSearched &&
            h('input', {
              class: 'filter',
              type: 'search',
              placeholder: 'Filter',
              'aria-label': `Filter ${label.toLowerCase()}`,
              value: search,
              onInput: (e) => this.setState({ search: e.target.value, page: 0 }),
            }),
          search !== '' && h('span', { class: 'note', role: 'status' }, `${format.count(found.length)} of ${format.count(rows.length)}`),
          last > 0 && this.pager(at, last, found.length),
        ),
      found.length === 0 && rows.length > 0
        ? h('p', { class: 'waiting' }, `Nothing here has '${search}' in it.`)
        : h(
            'table',
            { 'aria-label': label, class: dense ? 'dense' : '' },
            h('thead', null, h('tr', null, columns.map((one) => this.head(one)))),
            h(
              'tbody',
              null,
              found.slice(at * PAGE, (at + 1) * PAGE).map((row) =>
                h(
                  'tr',
                  { key: id(row) },
                  columns.map((one) => h('td', { class: `${one.number ? 'number' : ''} ${one.class ?? ''}`, 'data-name': one.name }, one.cell(row))),
                ),
              ),
            ),
          ),
      last > 0 && h('div', { class: 'filters' }, this.pager(at, last, found.length)),
    ];
  }

  /** The rows that are searched for, in order; made anew only when something about it changes. */
  found(rows) {
    const { by, down, search } = this.state;
    const { columns, text } = this.props;
    const basis = [rows, by, down, search];
    if (this.basis?.every((part, i) => part === basis[i])) {
      return this.result;
    }
    const wanted = search.trim().toLowerCase();
    const some = wanted === '' ? rows : rows.filter((row) => text(row).toLowerCase().includes(wanted));
    const sort = columns.find(({ name }) => name === by)?.sort;
    this.basis = basis;
    this.result = sort === undefined ? some : [...some].sort((a, b) => compare(sort(a), sort(b)) * (down ? -1 : 1));
    return this.result;
  }

  pager(at, last, count) {
    const turn = (to) => () => {
      this.setState({ page: to });
      if (this.top.current.getBoundingClientRect().top < 0) {
        this.top.current.scrollIntoView();
      }
    };
    return h(
      'div',
      { class: 'pager', role: 'group', 'aria-label': 'Pages' },
      h('span', null, `${format.count(at * PAGE + 1)}–${format.count(Math.min(count, (at + 1) * PAGE))} of ${format.count(count)}`),
      iconButton('first', 'First page', turn(0), { disabled: at === 0 }),
      iconButton('back', 'Page before', turn(at - 1), { disabled: at === 0 }),
      iconButton('forth', 'Next page', turn(at + 1), { disabled: at === last }),
      iconButton('last', 'Last page', turn(last), { disabled: at === last }),
    );
  }

  head(column) {
    const { by, down } = this.state;
    const attributes = { scope: 'col', class: `${column.number ? 'number' : ''} ${column.class ?? ''}` };
    if (column.sort === undefined) {
      return h('th', attributes, column.hidden ? h('span', { class: 'unseen' }, column.name) : column.name);
    }
    const sorted = by === column.name;
    return h(
      'th',
      { ...attributes, 'aria-sort': sorted ? (down ? 'descending' : 'ascending') : 'none' },
      h(
        'button',
        { type: 'button', class: 'sort', onClick: () => this.setState({ by: column.name, down: sorted && !down, page: 0 }) },
        column.name,
        sorted && icon(down ? 'sortDown' : 'sortUp'),
      ),
    );
  }
}

const NAMES = new Intl.Collator('en', { numeric: true });

const compare = (a, b) => (typeof a === 'string' ? NAMES.compare(a, b) : a - b);
