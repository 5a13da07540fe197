// Research as its people see it: patients allow it, a researcher counts and asks, the privacy officer
// decides, the patients see what their record was used for; and the page of somebody in a trial.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { ask, clinic, demo, enterAt, hospital, typeInto, user } from './office.mjs';
import { WAYS, close, look, newcomer, signedIn, weigh } from './walk.mjs';

const WIDE = { language: 'en', width: 1280, scheme: 'light' };
const SMALL = { language: 'de', width: 360, scheme: 'dark' };
const STAMP = Date.now().toString(36);
// A code of this run alone: the demo may have been walked before.
const CODE = `T-${STAMP}`;
const SNOMED = 'http://snomed.info/sct';
const PURPOSE = `Which values change together? ${STAMP}`;
const TITLE = `Warm or cold, ${STAMP}`;

after(close);

const named = (id) => demo.organisations.find((one) => one.id === id);
const token = (organisation, role) => user(organisation, role).token;
const open = (organisation, role, way = WIDE) => signedIn(organisation, user(organisation, role), way);

const people = [];
let trial;

/** Waits until something is so, with a bound. */
async function until(what, is) {
  for (let at = 0; at < 200; at += 1) {
    const found = await what().catch(() => undefined);
    if (found !== undefined && is(found)) return found;
    await new Promise((go) => setTimeout(go, 200));
  }
  return assert.fail('it did not become so in 40 s');
}

async function admitted(nth, home) {
  const who = await newcomer(`Research${STAMP}${nth}`, home);
  await ask(home, 'POST', '/fhir/Condition', token(home, 'clinician'), {
    resourceType: 'Condition', subject: { reference: `Patient/${who.id}` }, onsetDateTime: '2021-02-03',
    clinicalStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }] },
    code: { coding: [{ system: SNOMED, code: CODE }] },
  });
  return who;
}

before(async () => {
  for (let nth = 0; nth < 12; nth += 1) people.push(await admitted(nth, hospital));
  // All but the first by the API; the first on the page.
  const coding = (name, code) => ({ system: `http://terminology.hl7.org/CodeSystem/${name}`, code });
  for (const one of people.slice(1)) {
    await ask(hospital, 'POST', '/identity/keys', one.token, { mode: 'custodial' });
    await ask(hospital, 'POST', '/fhir/Consent/$fileConsent', one.token, {
      resourceType: 'Consent', status: 'active', scope: { coding: [coding('consentscope', 'patient-privacy')] },
      category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
      patient: { reference: `Patient/${one.id}` }, policy: [{ uri: 'https://salus.example/policy/research' }],
      provision: { type: 'permit', purpose: [coding('v3-ActReason', 'HRESCH')], actor: [{
        role: { coding: [coding('v3-ParticipationType', 'IRCP')] },
        reference: { reference: `Organization/${hospital.id}` } }] },
    });
  }
});

test('a patient allows research by keyboard on a telephone, and sees what for', async () => {
  const page = await signedIn(hospital, people[0], SMALL);
  await page.goto('/portal/more');
  await enterAt(page, 'main a[href="/portal/my-research"]', '**/portal/my-research');
  assert.match(await page.locator('main').innerText(), /Nichts aus Ihrer Akte wird genutzt/);
  await look(page, 'research-patient-no', SMALL);
  await enterAt(page, 'form[action$=allow] button', '**/portal/my-research');
  await page.waitForSelector('main a[href^="/portal/permissions/"]');
  await look(page, 'research-patient-yes', SMALL);
  await page.context().close();
});

test('a researcher counts, and a small cell is withheld with its total', async () => {
  const page = await open(hospital, 'researcher');
  await page.goto('/portal/trials');
  await enterAt(page, 'header nav a[href="/portal/research"]', '**/portal/research');
  await look(page, 'research-home', WIDE);
  await page.goto('/portal/research/counts');
  await typeInto(page, 'input[name=condition]', CODE);
  await enterAt(page, 'main form button[type=submit]', '**/portal/research/counts?**');
  await page.waitForSelector('#counted');
  const cells = await page.locator('td[data-sex]').allInnerTexts();
  assert.equal(cells.length, 28);
  assert.deepEqual(cells.filter((it) => it !== '<11'), ['12']);
  assert.match(await page.locator('main').innerText(), /At least 12 persons/);
  await look(page, 'research-counts', WIDE);
  await page.goto('/portal/research/counts?ask=1&observed=4548-4&from=seven');
  await page.waitForSelector('.faults');
  await look(page, 'research-counts-fault', WIDE);
  await page.context().close();
});

test('the request is asked for, approved by a second person, and the dataset downloaded', async () => {
  const researcher = await open(hospital, 'researcher', SMALL);
  await researcher.goto(`/portal/research/new?system=${encodeURIComponent(SNOMED)}&condition=${CODE}`);
  await enterAt(researcher, 'main form button[type=submit]', '**/portal/research/new');
  for (const field of ['purpose', 'approval', 'elements']) {
    await researcher.waitForSelector(`.faults a[href="#${field}"]`);
  }
  await look(researcher, 'research-ask-faults', SMALL);
  await researcher.fill('textarea[name=purpose]', PURPOSE);
  await researcher.fill('input[name=approval]', 'EK 2026/14');
  await researcher.check('input[value=condition]');
  await researcher.click('main form button[type=submit]');
  await researcher.waitForURL('**?done=asked');
  await look(researcher, 'research-asked', SMALL);
  const path = new URL(researcher.url()).pathname;
  assert.equal(await researcher.locator('form[action$=dataset]').count(), 0);

  const officer = await open(hospital, 'auditor');
  await officer.goto('/portal/research');
  await look(officer, 'research-officer', WIDE);
  await enterAt(officer, `main a[href="${path}"]`, `**${path}`);
  await look(officer, 'research-decide', WIDE);
  await officer.click('button[value=approve]');
  await officer.waitForSelector('.faults a[href="#text"]');
  await officer.fill('textarea[name=text]', 'The committee agreed.');
  await officer.click('button[value=approve]');
  await officer.waitForURL('**?done=decided');
  assert.equal(await officer.locator('button[value=approve]').count(), 0);
  await look(officer, 'research-decided', WIDE);

  await researcher.goto(path);
  await look(researcher, 'research-approved', SMALL);
  const [file] = await Promise.all([
    researcher.waitForEvent('download'), researcher.click('form[action$=dataset] button'),
  ]);
  const lines = readFileSync(await file.path(), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  assert.equal(lines[0].form, 'salus-research-dataset/1');
  assert.equal(lines[0].persons, 12);
  assert.equal(lines.length, 25);
  for (const page of [researcher, officer]) await page.context().close();
});

test('each patient in it sees who, what for, and under which permission, and ends it', async () => {
  for (const way of WAYS) {
    const page = await signedIn(hospital, people[1], way);
    await page.goto('/portal/my-research');
    assert.match(await page.locator('main').innerText(), new RegExp(STAMP));
    // A seal is checked once it is on the screen.
    await page.locator('salus-seal').first().scrollIntoViewIfNeeded();
    await page.locator('salus-seal[state=valid]').first().waitFor();
    await look(page, 'research-patient-used', way);
    await page.context().close();
  }
  const page = await signedIn(hospital, people[1], WIDE);
  await weigh(page, '/portal/my-research', 'research-patient-used');
  await page.goto('/portal/my-research');
  await page.click('ul.cards a[href^="/portal/permissions/"]');
  await page.click('form[action$=withdraw] button');
  await page.waitForURL('**/portal/permissions/*');
  await page.goto('/portal/my-research');
  await page.waitForSelector('form[action$=allow] button');
  await page.context().close();
  const other = await signedIn(clinic, user(clinic, 'clinician'), WIDE);
  assert.equal((await other.goto('/portal/research')).status(), 403);
  assert.equal((await other.goto('/portal/my-research')).status(), 403);
  await other.context().close();
});

test('somebody in a trial sees what is proven of it, and never the arm', async () => {
  const endpoint = { id: 'PAIN', name: 'change in pain', rank: 'primary', timing: 'week 12',
    measure: 'scale of 0 to 10', analysis: 'ANCOVA' };
  const protocol = { title: TITLE, block: 4, strata: ['all'], slots: 8, endpoints: [endpoint],
    arms: [{ name: 'MARKER-WARM', ratio: 1 }, { name: 'MARKER-COLD', ratio: 1 }] };
  const regulator = named('harbour-pharmacy');
  ({ id: trial } = await ask(hospital, 'POST', '/trials', token(hospital, 'researcher'), {
    protocol, quorum: 2, parties: [{ organisation: clinic.id, role: 'site' },
      { organisation: regulator.id, role: 'regulator' }],
  }));
  const site = (method, path, body) => ask(clinic, method, `/trials/${trial}${path}`, token(clinic, 'clinician'), body);
  await until(() => site('GET', ''), ({ versions }) => versions.at(-1).protocol);
  await site('POST', '/acceptance', { version: 1 });
  await until(() => site('GET', ''), ({ sites }) => sites.every((one) => one.is_listed));
  const someone = await newcomer(`Participant${STAMP}`, clinic);
  await site('POST', '/participants', { participants: [{ subject: `S-${STAMP}`, stratum: 'all',
    patient: someone.id, consent: 'Blatt 1, auf Papier unterschrieben' }] });
  await until(() => ask(clinic, 'GET', `/trials/${trial}/participants`, token(clinic, 'pharmacist')),
    ({ participants }) => participants.every((one) => one.arm));
  for (const way of WAYS) {
    const page = await signedIn(clinic, someone, way);
    await page.goto('/portal/my-trials');
    await look(page, 'participant-list', way);
    await page.click(`main a[href="/portal/my-trials/${trial}"]`);
    await page.waitForURL(`**/portal/my-trials/${trial}`);
    await look(page, 'participant-trial', way);
    const words = await page.locator('body').innerText();
    assert.match(words, way.language === 'de' ? /bevor die erste Person teilnahm/ : /before the first person took part/);
    assert.match(words, /Blatt 1/);
    assert.doesNotMatch(await page.content(), /MARKER-/);
    await page.context().close();
  }
  const page = await signedIn(clinic, someone, WIDE);
  await weigh(page, `/portal/my-trials/${trial}`, 'participant-trial');
  await page.goto(`/portal/my-trials/${trial}`);
  const [file] = await Promise.all([
    page.waitForEvent('download'), page.click('a[href^="/portal/ledger/entries/"]'),
  ]);
  assert.match(readFileSync(await file.path(), 'utf8'), /^c2sp.org\/tlog-proof/);
  await site('POST', `/participants/S-${STAMP}/withdrawal`, { keep: 'lawful' });
  await page.goto(`/portal/my-trials/${trial}`);
  assert.match(await page.locator('main').innerText(), /You have withdrawn[\s\S]*only what the law asks for/);
  await look(page, 'participant-withdrawn', WIDE);
  await page.context().close();
  // Nobody else's.
  const other = await signedIn(hospital, people[2], WIDE);
  await other.goto('/portal/my-trials');
  assert.equal(await other.locator('main ul.cards').count(), 0);
  assert.equal((await other.goto(`/portal/my-trials/${trial}`)).status(), 404);
  await other.context().close();
});
