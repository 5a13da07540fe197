// Passkeys in Chromium against a running demo, with an authenticator that the browser simulates:
// registered, used to sign in for an app, removed. DEMO names its demo.json, CHROMIUM the browser.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

const demo = JSON.parse(readFileSync(process.env.DEMO, 'utf8'));
const hospital = demo.organisations[0];
const user = (role) => hospital.users.find((one) => one.role === role);
// Browsers make no passkey for an address; a server on loopback is localhost to them.
const pages = hospital.base.replace('127.0.0.1', 'localhost');
const verifier = randomBytes(32).toString('base64url');

let server;
let app;
let client;
let browser;
let page;
let cdp;
let authenticator;

before(async () => {
  server = createServer((request, response) => response.end('back in the app'));
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  app = `http://127.0.0.1:${server.address().port}/app`;
  const registered = await fetch(`${hospital.base}/auth/register`, {
    method: 'POST',
    headers: { authorization: `Bearer ${user('admin').token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: 'Passkeys', redirect_uris: [app], scope: 'openid user/Patient.rs',
      token_endpoint_auth_method: 'none', grant_types: ['authorization_code'],
    }),
  });
  assert.equal(registered.status, 201, await registered.clone().text());
  client = (await registered.json()).client_id;
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  page = await browser.newPage();
  page.setDefaultTimeout(30_000);
  cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  ({ authenticatorId: authenticator } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true,
      isUserVerified: true, automaticPresenceSimulation: true,
    },
  }));
});

after(async () => {
  await browser?.close();
  server?.close();
});

function request() {
  const query = new URLSearchParams({
    response_type: 'code', client_id: client, redirect_uri: app, scope: 'openid user/Patient.rs',
    state: 'state', aud: hospital.fhir, code_challenge_method: 'S256',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
  });
  return `${pages}/auth/authorize?${query}`;
}

async function withPassword(there) {
  await there.fill('input[name=username]', user('clinician').username);
  await there.fill('input[name=password]', user('clinician').password);
  await there.click('button[value=sign-in]');
}

test('a clinician registers a passkey', async () => {
  await page.goto(`${pages}/auth/account`);
  await withPassword(page);
  await page.fill('input[name=name]', 'this laptop');
  await page.click('text=Add a passkey');
  await page.waitForSelector('button[value=remove]');
  assert.match(await page.textContent('main'), /this laptop/);
  const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId: authenticator });
  assert.equal(credentials.length, 1);
  assert.equal(credentials[0].rpId, 'localhost');
  await page.click('button[value=sign-out]');
  await page.waitForSelector('input[name=password]');
});

test('who does not show who is there gets no further', async () => {
  await cdp.send('WebAuthn.setUserVerified', { authenticatorId: authenticator, isUserVerified: false });
  await page.goto(request());
  await page.click('text=Sign in with a passkey');
  await page.waitForFunction(() => document.querySelector('form[data-passkey] .wrong').textContent);
  assert.ok(await page.isVisible('input[name=password]'));
  await cdp.send('WebAuthn.setUserVerified', { authenticatorId: authenticator, isUserVerified: true });
});

test('the passkey signs in for an app, without name and password', async () => {
  await page.goto(request());
  await page.click('text=Sign in with a passkey');
  await page.waitForSelector('button[value=allow]');
  assert.match(await page.textContent('main'), new RegExp(user('clinician').username));
  await page.click('button[value=allow]');
  await page.waitForURL(`${app}**`);
  const fields = new URL(page.url()).searchParams;
  assert.equal(fields.get('iss'), hospital.base);
  const answered = await fetch(`${hospital.base}/auth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code', code: fields.get('code'), redirect_uri: app,
      client_id: client, code_verifier: verifier,
    }),
  });
  const token = await answered.json();
  assert.equal(answered.status, 200, JSON.stringify(token));
  const claims = JSON.parse(Buffer.from(token.id_token.split('.')[1], 'base64url'));
  assert.equal(claims.sub, user('clinician').username);
});

test('a copy of the passkey with an older counter is found', async () => {
  const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId: authenticator });
  const copy = { ...credentials[0], signCount: 0 };
  await cdp.send('WebAuthn.clearCredentials', { authenticatorId: authenticator });
  await cdp.send('WebAuthn.addCredential', { authenticatorId: authenticator, credential: copy });
  await page.context().clearCookies();
  await page.goto(`${pages}/auth/account`);
  await page.click('text=Sign in with a passkey');
  await page.waitForSelector('text=passkey-copied');
});

test('the passkey is removed', async () => {
  await withPassword(page);
  assert.match(await page.textContent('main'), /There is a copy of it/);
  await page.click('button[value=remove]');
  await page.waitForSelector('text=There is no passkey');
});

test('without script there is the password, and no button that does nothing', async () => {
  const plain = await browser.newContext({ javaScriptEnabled: false });
  const there = await plain.newPage();
  await there.goto(request());
  assert.equal(await there.isVisible('text=Sign in with a passkey'), false);
  await withPassword(there);
  await there.waitForSelector('button[value=deny]');
  await plain.close();
});
