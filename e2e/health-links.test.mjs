// SMART Health Links of a running demo, opened by another implementation of JOSE (the npm package
// `jose`). DEMO names its demo.json.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { compactDecrypt, decodeProtectedHeader } from 'jose';

const demo = JSON.parse(readFileSync(process.env.DEMO, 'utf8'));
const hospital = demo.organisations[0];
const patient = demo.patients[0];

async function own(method, path, body) {
  const answered = await fetch(`${hospital.base}${path}`, {
    method,
    headers: { authorization: `Bearer ${patient.token}`, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  return { status: answered.status, body: await answered.json() };
}

async function made(wanted) {
  const expires = new Date(Date.now() + 3_600_000).toISOString();
  const { status, body } = await own('POST', '/links', { label: 'Holiday', expires, ...wanted });
  assert.equal(status, 201, JSON.stringify(body));
  const payload = JSON.parse(Buffer.from(body.link.replace('shlink:/', ''), 'base64url'));
  assert.match(body.qr, /^<svg [^>]*viewBox/);
  return { ...body, payload };
}

async function manifest(link, asked) {
  const answered = await fetch(link.payload.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: 'https://viewer.example' },
    body: JSON.stringify({ recipient: 'e2e viewer', ...asked }),
  });
  // Viewers run in browsers, at addresses of their own.
  assert.equal(answered.headers.get('access-control-allow-origin'), '*');
  return { status: answered.status, body: await answered.json() };
}

async function opened(link, jwe) {
  const header = decodeProtectedHeader(jwe);
  assert.deepEqual([header.alg, header.enc, header.cty], ['dir', 'A256GCM', 'application/fhir+json']);
  const key = Buffer.from(link.payload.key, 'base64url');
  const { plaintext } = await compactDecrypt(jwe, key);
  return JSON.parse(new TextDecoder().decode(plaintext));
}

test('a viewer opens a link: embedded, and by addresses that are good once', async () => {
  const link = await made({ what: 'all' });
  assert.deepEqual([link.payload.label, link.payload.v], ['Holiday', 1]);
  const { status, body } = await manifest(link, { embeddedLengthMax: 10_000_000 });
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal(body.status, 'finalized');
  const bundle = await opened(link, body.files[0].embedded);
  assert.equal(bundle.resourceType, 'Bundle');
  const types = bundle.entry.map((entry) => entry.resource.resourceType);
  assert.ok(types.includes('Patient') && types.length > 3, types.join());
  assert.ok(bundle.entry.some((entry) => entry.resource.id === patient.id));
  const proofs = await opened(link, body.files[1].embedded);
  assert.ok(proofs.entry.every((entry) => entry.resource.resourceType === 'Provenance'));

  const { body: apart } = await manifest(link, { embeddedLengthMax: 0 });
  const fetched = await fetch(apart.files[0].location);
  assert.equal(fetched.headers.get('content-type'), 'application/jose');
  assert.deepEqual(await opened(link, await fetched.text()), bundle);
  assert.equal((await fetch(apart.files[0].location)).status, 404);
});

test('the patient sees who opened it, and ends it', async () => {
  const link = await made({ what: 'summary', passcode: 'sesame', long_term: true });
  assert.equal(link.payload.flag, 'LP');
  const wrong = await manifest(link, { passcode: 'no' });
  assert.deepEqual([wrong.status, wrong.body], [401, { remainingAttempts: 9 }]);
  const { status } = await manifest(link, { passcode: 'sesame', recipient: 'Dr. Viewer' });
  assert.equal(status, 200);
  const { body: report } = await own('GET', '/reports/disclosures');
  const lines = report.lines.filter((line) => line.basis === `health-link/${link.id}`);
  assert.deepEqual(lines.map((line) => line.recipient), ['Dr. Viewer']);
  const { body: accesses } = await own('GET', '/reports/accesses');
  const refused = accesses.lines.filter((line) => line.outcome === 'refused (passcode)');
  assert.deepEqual(refused.map((line) => line.who), ['e2e viewer (link)']);
  assert.equal((await own('DELETE', `/links/${link.id}`)).status, 200);
  assert.equal((await manifest(link, { passcode: 'sesame' })).status, 404);
});

test('another key opens nothing', async () => {
  const [one, other] = [await made({ what: 'summary' }), await made({ what: 'summary' })];
  const { body } = await manifest(one, {});
  await assert.rejects(opened(other, body.files[0].embedded));
});
