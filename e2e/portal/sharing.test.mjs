// A patient grants, a clinician of another organisation reads, the patient sees it happen without
// loading the page again, withdraws, and the clinician's next click shows nothing. Two browsers.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { ask } from './office.mjs';
import {
  clinic, close, connect, demo, hospital, look, newcomer, patientOf, press, signedIn, tabTo, user,
} from './walk.mjs';

after(close);

const SMALL = { language: 'de', width: 360, scheme: 'dark' };
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

/** Waits until something is so, with a bound. */
async function until(what, is) {
  for (let at = 0; at < 240; at += 1) {
    if (await is()) return;
    await new Promise((later) => { setTimeout(later, 250); });
  }
  assert.fail(`${what}: not in a minute`);
}

test('without a quorum a second officer opens, and the ledger hears of it later', async () => {
  const patient = await newcomer(`Alone${Date.now().toString(36)}`);
  const doctor = user(clinic, 'clinician').token;
  await ask(hospital, 'POST', '/fhir/Observation', user(hospital, 'clinician').token, {
    resourceType: 'Observation', status: 'final', code: { text: 'Heart rate' },
    category: [{ coding: [{
      system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs',
    }] }],
    subject: { reference: `Patient/${patient.id}` }, effectiveDateTime: '2026-11-20',
    valueQuantity: { value: 72, unit: '/min' },
  });
  const visitor = await connect(patient, clinic);
  const page = await signedIn(clinic, user(clinic, 'clinician'), WAY);
  const officer = await signedIn(hospital, user(hospital, 'auditor'), SMALL);
  const status = (organisation) => ask(organisation, 'GET', '/ledger/status', doctor);
  const away = demo.organisations.slice(2).map(({ pid }) => pid);
  let before;
  try {
    for (const pid of away) process.kill(pid, 'SIGSTOP');
    // What a node knows of the ledger is good for ten seconds.
    await until('both see that the ledger stands still', async () => {
      const [here, there] = await Promise.all([status(clinic), status(hospital)]);
      before = there.height;
      return Math.max(here.time_ms, there.time_ms) < Date.now() - 11_000;
    });
    await page.goto(`/portal/patients/${visitor}/glass`);
    for (const name of ['organisation', 'reason']) {
      await tabTo(page, `input[name=${name}]`);
      await page.keyboard.press('Space');
    }
    await tabTo(page, '#words');
    await page.keyboard.type('Found without consciousness in the street.');
    await press(page, '#understood', 'Space');
    await press(page, 'main button[type=submit]');
    await page.locator('.faults').waitFor();
    await look(page, 'clinician-glass-second', WAY);
    // Nobody is a second one to oneself.
    for (const [token, end] of [[doctor, '.faults'], [user(clinic, 'auditor').token, '.glass']]) {
      await tabTo(page, '#second');
      await page.keyboard.type(token);
      await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
      await page.locator(end).waitFor();
    }
    await page.locator('#elsewhere', { hasText: 'Heart rate' }).waitFor();
    await look(page, 'clinician-glass-alone', WAY);
    await officer.goto('/portal/openings');
    await officer.locator('main', { hasText: clinic.id }).waitFor();
    await look(officer, 'officer-opening-alone', SMALL);
  } finally {
    for (const pid of away) process.kill(pid, 'SIGCONT');
  }
  await until('the ledger goes on', async () => (await status(hospital)).height > before + 1);
  await until('the ledger heard of it', async () => {
    const found = await ask(hospital, 'GET', '/sharing/break-glass', user(hospital, 'auditor').token);
    return found.openings.some((one) => one.late && one.anchored);
  });
  await officer.goto('/portal/openings');
  await look(officer, 'officer-opening-late', SMALL);
  assert.deepEqual([...page.told, ...officer.told], []);
  await page.context().close();
  await officer.context().close();
});
