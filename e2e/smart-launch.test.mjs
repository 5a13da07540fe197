// SMART's JavaScript client (npm fhirclient) in Chromium against a running demo: a standalone
// launch from the first click to the records. DEMO names its demo.json, CHROMIUM the browser.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

const demo = JSON.parse(readFileSync(process.env.DEMO, 'utf8'));
const hospital = demo.organisations[0];
const user = (role) => hospital.users.find((one) => one.role === role);
const library = readFileSync(
  new URL('./node_modules/fhirclient/build/fhir-client.min.js', import.meta.url),
);
const scope = 'openid fhirUser launch/patient offline_access patient/Patient.rs patient/Observation.rs';

let server;
let app;
let client;
let browser;

const html = (script) => `<!DOCTYPE html><meta charset="utf-8"><title>app</title>
<pre id="out"></pre><script src="/fhir-client.js"></script><script>${script}</script>`;
const failed = `.catch((error) => { document.getElementById('out').textContent = 'failed: ' + error; })`;

function pages() {
  return {
    '/launch.html': ['text/html', html(`FHIR.oauth2.authorize({
      iss: ${JSON.stringify(hospital.fhir)}, clientId: ${JSON.stringify(client)},
      scope: ${JSON.stringify(scope)}, redirectUri: 'app.html', pkceMode: 'required' })${failed}`)],
    '/app.html': ['text/html', html(`FHIR.oauth2.ready().then(async (client) => {
      const patient = await client.patient.read();
      const found = await client.request('Observation?_count=5');
      let other = 'seen';
      try { await client.request('Condition'); } catch (error) { other = String(error.status ?? error.statusCode); }
      const renewed = await client.refresh();
      document.getElementById('out').textContent = JSON.stringify({
        chosen: client.patient.id, patient: patient.id, type: found.resourceType,
        subjects: (found.entry ?? []).map((entry) => entry.resource.subject.reference),
        scope: client.state.tokenResponse.scope, id: client.getIdToken(), other,
        renewed: Boolean(renewed.tokenResponse.access_token) });
    })${failed}`)],
    '/fhir-client.js': ['text/javascript', library],
  };
}

before(async () => {
  server = createServer((request, response) => {
    const page = pages()[new URL(request.url, app).pathname];
    response.writeHead(page ? 200 : 404, { 'content-type': page?.[0] ?? 'text/plain' });
    response.end(page?.[1] ?? 'nothing here');
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  app = `http://127.0.0.1:${server.address().port}`;
  const registered = await fetch(`${hospital.base}/auth/register`, {
    method: 'POST',
    headers: { authorization: `Bearer ${user('admin').token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: 'End to end', redirect_uris: [`${app}/app.html`], scope,
      token_endpoint_auth_method: 'none', grant_types: ['authorization_code', 'refresh_token'],
    }),
  });
  assert.equal(registered.status, 201, await registered.clone().text());
  client = (await registered.json()).client_id;
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
});

after(async () => {
  await browser?.close();
  server?.close();
});

test('a clinician launches the app, picks a patient, and the app reads that patient', async () => {
  const page = await browser.newPage();
  page.setDefaultTimeout(30_000);
  await page.goto(`${app}/launch.html`);
  await page.fill('input[name=username]', user('clinician').username);
  await page.fill('input[name=password]', user('clinician').password);
  await page.click('button[value=sign-in]');
  const first = page.locator('input[name=patient]').first();
  const chosen = await first.getAttribute('value');
  await first.check();
  await page.click('button[value=allow]');
  await page.waitForFunction(() => document.getElementById('out')?.textContent);
  const text = await page.textContent('#out');
  assert.ok(text.startsWith('{'), text);
  const told = JSON.parse(text);
  assert.equal(told.chosen, chosen);
  assert.equal(told.patient, chosen);
  assert.equal(told.type, 'Bundle');
  for (const subject of told.subjects) assert.equal(subject, `Patient/${chosen}`);
  assert.equal(told.other, '403');
  assert.equal(told.id.aud, client);
  assert.equal(told.id.iss, hospital.base);
  assert.equal(told.renewed, true);
});

test('a user who refuses is sent back without a code', async () => {
  const page = await browser.newPage();
  page.setDefaultTimeout(30_000);
  await page.goto(`${app}/launch.html`);
  await page.fill('input[name=username]', user('clinician').username);
  await page.fill('input[name=password]', user('clinician').password);
  await page.click('button[value=sign-in]');
  await page.click('button[value=deny]');
  await page.waitForURL((url) => url.searchParams.has('error'));
  const fields = new URL(page.url()).searchParams;
  assert.equal(fields.get('error'), 'access_denied');
  assert.equal(fields.get('iss'), hospital.base);
  assert.equal(fields.has('code'), false);
});
