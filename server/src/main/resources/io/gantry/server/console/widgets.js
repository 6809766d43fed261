// The parts that views are made of.

import { Component, h } from '/lib/preact.js';
import * as format from './format.js';
import { toast } from './state.js';

// Icons: strokes in a box of 16 by 16.
const ICONS = {
  more: 'M3 8h.01M8 8h.01M13 8h.01',
  copy: 'M5.500 5.500v-3h8v8h-3M2.500 5.500h8v8h-8z',
  done: 'M3 8.500l3.500 3.500L13 4.500',
  close: 'M4 4l8 8M12 4l-8 8',
  menu: 'M2.500 4.500h11M2.500 8h11M2.500 11.500h11',
  warning: 'M8 2.500l6 11H2zM8 6.500v3.500M8 12h.01',
  system: 'M2.500 3.500h11v7.500h-11zM6 13.500h4',
  light: 'M8 5.200a2.800 2.800 0 1 1 0 5.600a2.800 2.800 0 0 1 0-5.600M8 1.500v1M8 13.500v1M1.500 8h1M13.500 8h1M3.400 3.400l.7.7M11.900 11.900l.7.7M3.400 12.600l.7-.7M11.900 4.100l.7-.7',
  dark: 'M13 9.500A5.500 5.500 0 0 1 6.500 3a5.500 5.500 0 1 0 6.500 6.500z',
  plus: 'M8 3v10M3 8h10',
  back: 'M10 3L5 8l5 5',
  forth: 'M6 3l5 5l-5 5',
  first: 'M11.500 3.500L7 8l4.500 4.500M4.500 3.500v9',
  last: 'M4.500 3.500L9 8l-4.500 4.500M11.500 3.500v9',
  sortUp: 'M4.500 9.500L8 6l3.500 3.500',
  sortDown: 'M4.500 6.500L8 10l3.500-3.500',
};

export const icon = (name) =>
  h('svg', { class: `icon ${name}`, viewBox: '0 0 16 16', 'aria-hidden': 'true' }, h('path', { d: ICONS[name] }));

export const logo = () =>
  h(
    'svg',
    { class: 'logo', viewBox: '0 0 32 32', 'aria-hidden': 'true' },
    h('rect', { class: 'logo-ground', width: 32, height: 32, rx: 7 }),
    h('path', { class: 'logo-crane', d: 'M5 9.500h22M9 9.500V25M23 9.500V25M9 15l5-5.500M23 15l-5-5.500M16 9.500v5' }),
    h('rect', { class: 'logo-load', x: 12.5, y: 15, width: 7, height: 5.5, rx: 1 }),
  );

/** The head of a section: its name, what it says of itself, and what can be done. */
export const heading = (title, note, ...actions) =>
  h(
    'header',
    { class: 'heading' },
    h('div', null, h('h1', { tabIndex: -1, id: 'title' }, title), note && h('p', { class: 'note' }, note)),
    actions.some(Boolean) && h('div', { class: 'actions' }, actions),
  );

export const card = (title, attributes, ...children) =>
  h(
    'section',
    { class: `card ${attributes?.class ?? ''}`, 'aria-label': typeof title === 'string' ? title : attributes.label },
    h('div', { class: 'card-head' }, h('h2', null, title), attributes?.aside),
    children,
  );

export const badge = (text, kind = '') => h('span', { class: `badge ${kind}` }, text);

export const button = (text, onClick, attributes = {}) =>
  h('button', { type: 'button', ...attributes, class: `button ${attributes.class ?? ''}`, onClick }, text);

/** A button with a picture only; the name is for who cannot see it, and a hint for who can. */
export const iconButton = (name, label, onClick, attributes = {}) =>
  h(
    'button',
    { type: 'button', title: label, 'aria-label': label, ...attributes, class: `icon-button ${attributes.class ?? ''}`, onClick },
    icon(name),
  );

/** What there is when there is nothing: what it would be, and the command that makes one. */
export const empty = (title, text, ...commands) =>
  h(
    'div',
    { class: 'empty' },
    h('p', { class: 'empty-title' }, title),
    h('p', null, text),
    commands.map((command) => h('div', { class: 'command' }, h('code', null, command), h(CopyButton, { text: command, what: 'the command' }))),
  );

export const alert = (kind, ...children) =>
  h('div', { class: `alert ${kind}`, role: kind === 'error' ? 'alert' : 'note' }, icon('warning'), h('div', null, children));

/** What stands where an answer is missing: why, or that it is on its way. */
export const waiting = (failure) =>
  failure === null ? h('p', { class: 'waiting', 'aria-live': 'polite' }, 'Loading') : alert('error', failure.message);

/** Name and value, one under the other; broad: what is as long as a line. */
export const facts = (...pairs) =>
  h(
    'dl',
    { class: 'facts' },
    pairs.filter(Boolean).map(([name, value, kind]) => h('div', { class: kind }, h('dt', null, name), h('dd', null, value))),
  );

/** A bar of parts: [{value, kind, label}]; the rest of the whole is free. */
export const stack = (parts, whole, label) =>
  h(
    'div',
    { class: 'stack', role: 'img', 'aria-label': label },
    parts
      .filter(({ value }) => value > 0)
      .map((part) => h('div', { class: `part ${part.kind}`, style: { width: `${(100 * part.value) / whole}%` }, title: `${part.label}: ${format.bytes(part.value)}` })),
  );

export const progress = (done, whole, label) =>
  h('progress', { max: Math.max(1, whole), value: done, 'aria-label': label }, format.percent(done, whole));

/** Puts a text on the clipboard, and shows that it did. */
export class CopyButton extends Component {
  render({ text, what }, { copied }) {
    return iconButton(copied ? 'done' : 'copy', copied ? 'Copied' : `Copy ${what}`, () => this.copy(text), {
      class: copied ? 'copied' : '',
    });
  }

  async copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      toast(`The browser does not allow it. Copy this: ${text}`, 'error');
      return;
    }
    this.setState({ copied: true });
    this.timer = setTimeout(() => this.setState({ copied: false }), 1500);
  }

  componentWillUnmount() {
    clearTimeout(this.timer);
  }
}

/** A text with a button beside it that copies it; what says what it is. */
export const copyable = (text, what, attributes = {}) =>
  h('span', { ...attributes, class: `copyable ${attributes.class ?? ''}` }, h('code', { title: text }, text), h(CopyButton, { text, what }));

/** Some buttons of which one is pressed: options, [[value, text]]. */
export const choice = (label, options, chosen, set) =>
  h(
    'div',
    { class: 'choice', role: 'group', 'aria-label': label },
    options.map(([value, text]) => h('button', { type: 'button', 'aria-pressed': String(value === chosen), onClick: () => set(value) }, text)),
  );

/** A button that opens a list of actions: [{text, run, danger}]. Arrow keys, Escape, Tab. */
export class Menu extends Component {
  render({ label, items }, { open }) {
    return h(
      'div',
      { class: 'menu', ref: (root) => (this.root = root), onFocusOut: (e) => this.left(e), onKeyDown: (e) => this.key(e) },
      iconButton('more', label, () => this.toggle(!open), { 'aria-haspopup': 'menu', 'aria-expanded': String(Boolean(open)) }),
      open &&
        h(
          'div',
          { class: 'menu-items', role: 'menu', 'aria-label': label },
          items.map((item) =>
            h(
              'button',
              { type: 'button', role: 'menuitem', tabIndex: -1, class: item.danger ? 'danger' : '', onClick: () => this.run(item) },
              item.text,
            ),
          ),
        ),
    );
  }

  toggle(open) {
    this.setState({ open }, () => this.items()[0]?.focus());
  }

  run(item) {
    this.root.querySelector('button').focus(); // where a dialog gives the focus back to
    this.setState({ open: false });
    item.run();
  }

  items() {
    return [...this.root.querySelectorAll('[role=menuitem]')];
  }

  left(event) {
    if (this.state.open && !this.root.contains(event.relatedTarget)) {
      this.setState({ open: false });
    }
  }

  key(event) {
    const items = this.items();
    const at = items.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (event.key === 'Escape' && this.state.open) {
      this.root.querySelector('button').focus();
      this.setState({ open: false });
    } else if (to !== undefined && items.length > 0) {
      items.at(to % items.length).focus();
    } else if (event.key === 'ArrowDown') {
      this.toggle(true);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
}
