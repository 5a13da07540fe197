// A patient grants, a clinician of another organisation reads, the patient sees it happen without
// loading the page again, withdraws, and the clinician's next click shows nothing. Two browsers.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { clinic, close, hospital, patientOf, signedIn, user } from './walk.mjs';

after(close);

const WAY = { language: 'en', width: 1280, scheme: 'light' };
/** A patient who has shared nothing before, so that the story of the demo is no part of it. */
const nth = 2;

test('granted, read, seen within two seconds, withdrawn, refused', async () => {
  const patient = await signedIn(hospital, patientOf(hospital, nth), WAY);
  const clinician = await signedIn(clinic, user(clinic, 'clinician'), WAY);

  // The clinic admits the patient, who carries a code there.
  const token = user(clinic, 'clinician').token;
  const made = await fetch(`${clinic.fhir}/Patient`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' },
    body: JSON.stringify({ resourceType: 'Patient', name: [{ text: 'A visitor' }] }),
  });
  const visitor = (await made.json()).id;
  await patient.goto('/portal/links');
  await patient.click('form[action$=code] button');
  const code = await patient.locator('p.code').innerText();
  const linked = await fetch(`${clinic.base}/sharing/links`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ patient: visitor, organisation: hospital.id, code }),
  });
  assert.equal(linked.status, 201, await linked.text());

  // Nothing is read before.
  const elsewhere = async () => {
    await clinician.goto(`/portal/patients/${visitor}`);
    const part = clinician.locator('#elsewhere:not([aria-busy])');
    await part.waitFor();
    return part.innerText();
  };
  assert.doesNotMatch(await elsewhere(), /Heart rate|Body weight/);

  // Two clicks.
  await patient.goto('/portal/permissions/new');
  await patient.check(`input[value=${clinic.id}]`);
  await patient.click('main button[type=submit]');
  await patient.click('main button[type=submit]');
  await patient.waitForURL(/permissions\/[0-9a-f-]{36}$/);
  const permission = patient.url();
  await patient.locator('.done').waitFor();

  // The page that says who saw the data is open while the clinician reads.
  await patient.goto('/portal/accesses');
  await patient.locator('salus-live[state=live]').waitFor({ state: 'attached' });
  const before = await patient.locator('#accesses').innerText();
  assert.doesNotMatch(before, /north-clinic: received from here/);
  const seen = patient.locator('#accesses', { hasText: /received from here/ }).waitFor({ timeout: 30_000 });
  let read;
  const text = elsewhere().then((found) => { read = Date.now(); return found; });
  await seen;
  const shown = Date.now();
  assert.match(await text, /Heart rate|Body weight/);
  const seal = clinician.locator('#elsewhere salus-seal').first();
  await seal.scrollIntoViewIfNeeded();
  await clinician.locator('#elsewhere salus-seal[state=valid]').first().waitFor();
  const waited = Math.max(0, shown - read);
  console.log(`# the patient saw it ${shown - read} ms after the clinician did`);
  assert.ok(waited < 2_000, `${waited} ms`);

  await patient.goto(permission);
  await patient.click('button.warn');
  await patient.locator('.note[role=status]').waitFor();
  assert.doesNotMatch(await elsewhere(), /Heart rate|Body weight/);
  assert.deepEqual([...patient.told, ...clinician.told], []);
});
