// Asks the browser for a passkey and sends its answer by the form that stands around the button.
'use strict';
(() => {
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  const bytes = (encoded) => Uint8Array.from(
    atob(encoded.replaceAll('-', '+').replaceAll('_', '/')),
    (letter) => letter.charCodeAt(0),
  );

  async function made(options) {
    const publicKey = { ...options, challenge: bytes(options.challenge) };
    publicKey.user = { ...options.user, id: bytes(options.user.id) };
    publicKey.excludeCredentials = options.excludeCredentials
      .map((known) => ({ ...known, id: bytes(known.id) }));
    const { id, type, response } = await navigator.credentials.create({ publicKey });
    return { id, type, response: {
      clientDataJSON: text(response.clientDataJSON),
      attestationObject: text(response.attestationObject),
    } };
  }

  async function shown(options) {
    const publicKey = { ...options, challenge: bytes(options.challenge) };
    const { id, type, response } = await navigator.credentials.get({ publicKey });
    return { id, type, response: {
      clientDataJSON: text(response.clientDataJSON),
      authenticatorData: text(response.authenticatorData),
      signature: text(response.signature),
      userHandle: response.userHandle ? text(response.userHandle) : null,
    } };
  }

  for (const form of document.querySelectorAll('form[data-passkey]')) {
    // A passkey is for one origin: elsewhere the button would only fail.
    if (!window.PublicKeyCredential || location.origin !== form.dataset.origin) continue;
    const options = JSON.parse(form.dataset.passkey);
    form.hidden = false;
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      const button = form.querySelector('button');
      const wrong = form.querySelector('.wrong');
      button.disabled = true;
      wrong.textContent = '';
      try {
        const answer = await (options.user ? made(options) : shown(options));
        form.elements.passkey.value = JSON.stringify(answer);
        form.submit();
      } catch (error) {
        wrong.textContent = error.name === 'InvalidStateError'
          ? form.dataset.known ?? 'This device has a passkey of yours already.'
          : form.dataset.none ?? 'The browser gave no passkey. Try again, or use the password.';
        button.disabled = false;
      }
    });
  }
})();
