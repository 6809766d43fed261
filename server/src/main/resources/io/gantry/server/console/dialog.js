// Dialogs: the browser's own, which keep the focus in and close on Escape.

import { Component, h } from '/lib/preact.js';
import { Refusal } from './api.js';
import { close } from './state.js';
import { alert, iconButton } from './widgets.js';

/**
 * A form in a dialog. Props: title; submit, the text of its button; danger; ready, whether it may be
 * sent; send, an async function that throws a Refusal; keepOpen, for when there is more to show
 * after it; children.
 */
export class Form extends Component {
  render({ title, submit, danger, ready = true, children }, { refusal, busy }) {
    return h(
      'dialog',
      {
        ref: (dialog) => (this.dialog = dialog),
        'aria-labelledby': 'dialog-title',
        onClose: close,
        onMouseDown: (e) => e.target === this.dialog && this.dialog.close(),
      },
      h(
        'form',
        { onSubmit: (e) => this.submit(e), noValidate: true },
        h('div', { class: 'dialog-head' }, h('h2', { id: 'dialog-title' }, title), iconButton('close', 'Close', () => this.dialog.close())),
        h('div', { class: 'dialog-body' }, children, refusal && alert('error', refusal)),
        h(
          'div',
          { class: 'dialog-foot' },
          h('button', { type: 'button', class: 'button', onClick: () => this.dialog.close() }, 'Cancel'),
          h(
            'button',
            { type: 'submit', class: `button ${danger ? 'danger' : 'primary'}`, disabled: busy || !ready },
            busy ? 'One moment' : submit,
          ),
        ),
      ),
    );
  }

  componentDidMount() {
    this.dialog.showModal();
    (this.dialog.querySelector('input, select') ?? this.dialog.querySelector('.dialog-foot .button')).focus();
  }

  async submit(event) {
    event.preventDefault();
    if (this.state.busy || this.props.ready === false) {
      return;
    }
    this.setState({ busy: true, refusal: null });
    try {
      await this.props.send();
      if (this.props.keepOpen) {
        this.setState({ busy: false });
      } else {
        this.dialog?.close();
      }
    } catch (e) {
      if (!(e instanceof Refusal)) {
        throw e;
      }
      this.setState({ busy: false, refusal: e.message });
    }
  }
}

let fields = 0;

/** A labelled input; props: label, value, input (new value), hint, problem, and those of the input. */
export class Field extends Component {
  constructor(props) {
    super(props);
    this.id = `field-${++fields}`;
  }

  render({ label, value, input, hint, problem, options, ...attributes }) {
    const shared = {
      id: this.id,
      value,
      onInput: (e) => input(e.target.value),
      'aria-describedby': `${this.id}-hint`,
      'aria-invalid': problem ? 'true' : undefined,
      ...attributes,
    };
    return h(
      'div',
      { class: 'field' },
      h('label', { for: this.id }, label),
      options
        ? h('select', { ...shared, onInput: undefined, onChange: shared.onInput }, options.map(([key, text]) => h('option', { value: key }, text)))
        : h('input', { type: 'text', autocomplete: 'off', spellcheck: false, autocapitalize: 'none', ...shared }),
      h('p', { class: problem ? 'problem' : 'hint', id: `${this.id}-hint` }, problem ?? hint),
    );
  }
}

export const check = (label, checked, set) =>
  h('label', { class: 'check' }, h('input', { type: 'checkbox', checked, onChange: (e) => set(e.target.checked) }), h('span', null, label));

/** Asks before something is lost: props title, submit, send, children; word, to be typed if given. */
export class Confirm extends Component {
  render({ word, children, ...form }, { typed = '' }) {
    return h(
      Form,
      { danger: true, ...form, ready: word === undefined || typed === word },
      children,
      word !== undefined &&
        h(Field, { label: ['Type ', h('code', null, word), ' to go on'], value: typed, input: (text) => this.setState({ typed: text }) }),
    );
  }
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** What is wrong with a name, or null; an empty one is not wrong yet. */
export function nameProblem(name, taken = []) {
  if (name === '') {
    return null;
  }
  if (!NAME.test(name)) {
    return 'Letters, digits, dots, dashes and underscores; 64 at most, the first a letter or digit.';
  }
  return taken.includes(name) ? `There is a '${name}' already.` : null;
}
