// The way in: the token of the data directory, or one that was made for somebody.

import { Component, h } from '/lib/preact.js';
import { Refusal, logIn } from './api.js';
import { changed } from './state.js';
import { Field } from './dialog.js';
import { alert, logo } from './widgets.js';

export class Login extends Component {
  render({ welcome }, { token = '', refusal = null, busy = false }) {
    return h(
      'main',
      { class: 'login' },
      h(
        'form',
        { class: 'card', onSubmit: (e) => this.submit(e, welcome), noValidate: true },
        h('div', { class: 'brand' }, logo(), h('h1', null, 'Gantry')),
        h(Field, {
          label: 'Access token',
          type: 'password',
          name: 'token',
          autocomplete: 'current-password',
          value: token,
          input: (text) => this.setState({ token: text }),
          hint: ['On the server: ', h('code', null, 'daemon.json'), ' in its data directory has one, readable to its owner.'],
        }),
        refusal && alert('error', refusal),
        h('button', { type: 'submit', class: 'button primary wide', disabled: busy || token.trim() === '' }, busy ? 'One moment' : 'Log in'),
      ),
    );
  }

  componentDidMount() {
    document.querySelector('input[name=token]').focus();
  }

  async submit(event, welcome) {
    event.preventDefault();
    if (this.state.busy) {
      return;
    }
    this.setState({ busy: true, refusal: null });
    try {
      await logIn(this.state.token.trim());
      welcome();
    } catch (e) {
      if (!(e instanceof Refusal)) {
        throw e;
      }
      this.setState({ busy: false, refusal: e.message });
    }
    changed();
  }
}
