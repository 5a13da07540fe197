// What a clinician sees and does: finds and admits a patient, reads one chart from here and from
// elsewhere with proofs, writes, asks, and in need breaks the glass. By mouse, and by keyboard alone.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  WAYS, clinic, close, hospital, look, patientOf, signedIn, typeDay, user, weigh,
} from './walk.mjs';

after(close);

const ENGLISH = { language: 'en', width: 1280, scheme: 'light' };

/** One question to a JSON door. */
async function ask(organisation, token, method, path, body) {
  const fhir = path.startsWith('/fhir');
  const response = await fetch(organisation.base + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': fhir ? 'application/fhir+json' : 'application/json' },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
  return text ? JSON.parse(text) : undefined;
}

const coded = (system, code) => ({ system: `http://terminology.hl7.org/CodeSystem/${system}`, code });

/** What a patient files to let the clinic read. */
function consent(patient) {
  const now = Date.now();
  return {
    resourceType: 'Consent', status: 'active',
    scope: { coding: [coded('consentscope', 'patient-privacy')] },
    category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
    patient: { reference: `Patient/${patient}` }, dateTime: new Date(now).toISOString(),
    policy: [{ uri: 'https://salus.example/policy/sharing' }],
    provision: {
      type: 'permit',
      period: { start: new Date(now - 60_000).toISOString(), end: new Date(now + 86_400_000).toISOString() },
      actor: [{ role: { coding: [coded('v3-ParticipationType', 'IRCP')] },
        reference: { reference: `Organization/${clinic.id}` } }],
      purpose: [coded('v3-ActReason', 'TREAT')],
    },
  };
}

/** A new patient at home in the hospital, with a user of its own and a small history. */
async function newcomer(family) {
  const doctor = user(hospital, 'clinician').token;
  const person = { resourceType: 'Patient', name: [{ use: 'official', family, given: ['Noor'] }],
    gender: 'female', birthDate: '1961-05-04', identifier: [{ value: `H-${family}` }] };
  const { id } = await ask(hospital, doctor, 'POST', '/fhir/Patient', person);
  const subject = { reference: `Patient/${id}` };
  const status = (system, code) => ({ coding: [coded(system, code)] });
  const value = (name, when, number, low, high, unit) => ({
    resourceType: 'Observation', status: 'final', code: { text: name }, subject, effectiveDateTime: when,
    category: [{ coding: [coded('observation-category', 'laboratory')] }],
    valueQuantity: { value: number, unit }, referenceRange: [{ low: { value: low }, high: { value: high } }],
  });
  const records = [
    { resourceType: 'AllergyIntolerance', patient: subject, criticality: 'high', code: { text: 'Penicillin' },
      clinicalStatus: status('allergyintolerance-clinical', 'active') },
    { resourceType: 'Condition', subject, code: { text: 'Asthma' }, clinicalStatus: status('condition-clinical', 'active') },
    { resourceType: 'MedicationRequest', subject, status: 'active', intent: 'order', authoredOn: '2026-02-01',
      medicationCodeableConcept: { text: 'Salbutamol 0.1 mg inhaler' }, dosageInstruction: [{ text: 'Two puffs when needed' }] },
    { resourceType: 'Encounter', subject, status: 'finished', class: coded('v3-ActCode', 'AMB'),
      period: { start: '2026-02-01T08:00:00Z', end: '2026-02-01T08:20:00Z' } },
    value('Potassium', '2026-02-01', 4.1, 3.5, 5.1, 'mmol/L'), value('Potassium', '2026-05-01', 5.6, 3.5, 5.1, 'mmol/L'),
    value('Sodium', '2026-05-01', 139, 135, 145, 'mmol/L'),
  ];
  for (const record of records) await ask(hospital, doctor, 'POST', `/fhir/${record.resourceType}`, record);
  const password = `a long password ${family}`;
  const username = family.toLowerCase();
  await ask(hospital, user(hospital, 'admin').token, 'POST', '/auth/users',
    { username, password, role: 'patient', patient: id });
  const signed = await fetch(`${hospital.base}/auth/token`, { method: 'POST',
    body: new URLSearchParams({ grant_type: 'password', username, password }) });
  return { id, person, token: (await signed.json()).access_token };
}

/** A newcomer whom the clinic knows too; `granted` lets it read. */
async function shared(family, granted) {
  const home = await newcomer(family);
  const doctor = user(clinic, 'clinician');
  await ask(hospital, home.token, 'POST', '/identity/keys', { mode: 'custodial' });
  const { code } = await ask(hospital, home.token, 'POST', '/sharing/codes', { patient: home.id });
  const { id } = await ask(clinic, doctor.token, 'POST', '/fhir/Patient',
    { ...home.person, identifier: [{ value: `C-${family}` }] });
  await ask(clinic, doctor.token, 'POST', '/sharing/links', { patient: id, organisation: hospital.id, code });
  if (granted) await ask(hospital, home.token, 'POST', '/fhir/Consent/$fileConsent', consent(home.id));
  await ask(clinic, doctor.token, 'POST', '/fhir/Observation', {
    resourceType: 'Observation', status: 'final', code: { text: 'Heart rate',
      coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
    category: [{ coding: [coded('observation-category', 'vital-signs')] }],
    subject: { reference: `Patient/${id}` }, effectiveDateTime: '2026-11-20T09:00:00Z',
    valueQuantity: { value: 71, unit: '/min' },
    text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml"><p>Seventy-one a minute.</p></div>' },
  });
  return { id, home };
}

/** A name that no run before this one used. */
const fresh = (name) => `${name}${Date.now().toString(36)}`;

let both;

before(async () => { both = await shared(fresh('Haddad'), true); });

/** The part from elsewhere has come. */
async function whole(page) {
  await page.locator('#elsewhere:not([aria-busy])').waitFor();
}

for (const way of WAYS) {
  test(`a clinician's pages, ${way.language}, ${way.width}, ${way.scheme}`, async () => {
    const page = await signedIn(clinic, user(clinic, 'clinician'), way);
    const { id } = both;
    const records = await ask(clinic, user(clinic, 'clinician').token, 'GET', `/fhir/Observation?patient=${id}`);
    const observation = records.entry[0].resource.id;
    const pages = [
      ['clinician-home', '/portal'],
      ['clinician-found', '/portal?name=a'],
      ['clinician-none', '/portal?name=zzzzzz'],
      ['clinician-born', '/portal?born=yesterday'],
      ['clinician-admit', '/portal/patients/new'],
      ['clinician-chart', `/portal/patients/${id}`],
      ['clinician-timeline', `/portal/patients/${id}?tab=timeline`],
      ['clinician-labs', `/portal/patients/${id}?tab=labs`],
      ['clinician-visits', `/portal/patients/${id}?tab=visits`],
      ['clinician-elsewhere', `/portal/patients/${id}/elsewhere?tab=labs`],
      ['clinician-failed', `/portal/patients/${id}?glass=city-lab`],
      ['clinician-trends', `/portal/patients/${id}/trends`],
      ['clinician-item', `/portal/patients/${id}/records/Observation/${observation}`],
      ['clinician-reach', `/portal/patients/${id}/reach`],
      ['clinician-glass', `/portal/patients/${id}/glass`],
      ['clinician-note', `/portal/patients/${id}/note`],
      ['clinician-measure', `/portal/patients/${id}/measure`],
      ['clinician-prescribe', `/portal/patients/${id}/prescribe`],
      ['clinician-my-accesses', '/portal/my-accesses'],
    ];
    for (const [name, path] of pages) {
      await page.goto(path);
      if (await page.locator('#elsewhere').count()) await whole(page);
      await look(page, name, way);
      await weigh(page, path, name);
    }
    await page.context().close();
  });
}

test("a hospital's own chart is whole and every value has its drawing and its table", async () => {
  const page = await signedIn(hospital, user(hospital, 'clinician'), ENGLISH);
  await page.goto(`/portal/patients/${patientOf(hospital).id}`);
  await whole(page);
  await look(page, 'clinician-own-chart', ENGLISH);
  assert.ok(await page.locator('svg.chart').count() > 0);
  await tabTo(page, 'nav.tabs a[href$="/trends"]');
  await page.keyboard.press('Enter');
  await page.locator('salus-chart [role=slider], salus-chart svg').first().waitFor();
  await look(page, 'clinician-own-trends', ENGLISH);
  await tabTo(page, 'salus-chart summary');
  await page.keyboard.press('Space');
  await page.locator('salus-chart details[open]').first().waitFor();
  assert.ok(await page.locator('salus-chart tbody tr').count() > 1);
  await look(page, 'clinician-own-table', ENGLISH);
  await page.context().close();
});

test('one chart shows both organisations, each item with its origin, and each seal is valid here', async () => {
  const page = await signedIn(clinic, user(clinic, 'clinician'), ENGLISH);
  await page.goto(`/portal/patients/${both.id}?tab=timeline`);
  await whole(page);
  const origins = await page.locator('.origin').allInnerTexts();
  assert.ok(origins.includes(hospital.id) && origins.includes(clinic.id), origins.join());
  const seals = page.locator(`#elsewhere li:has(.origin:text-is("${hospital.id}")) salus-seal`);
  assert.ok(await seals.count() > 3);
  for (let nth = 0; nth < 3; nth += 1) {
    await seals.nth(nth).scrollIntoViewIfNeeded();
    await page.waitForFunction(([nth, id]) => {
      const all = [...document.querySelectorAll('#elsewhere li')]
        .filter((li) => li.querySelector('.origin').textContent === id);
      return all[nth].querySelector('salus-seal').getAttribute('state') === 'valid';
    }, [nth, hospital.id]);
  }
  await look(page, 'clinician-sealed', ENGLISH);
  // Somebody else's session finds none of these proofs.
  const source = await seals.first().getAttribute('data-src');
  assert.equal((await page.context().request.get(source)).status(), 200);
  const other = await signedIn(clinic, user(clinic, 'clinician'), ENGLISH);
  assert.equal((await other.context().request.get(source)).status(), 404);
  await other.context().close();
  await page.context().close();
});

test('without script the part from elsewhere is one link away', async () => {
  const page = await signedIn(clinic, user(clinic, 'clinician'), ENGLISH, { javaScriptEnabled: false });
  await page.goto(`/portal/patients/${both.id}?tab=labs`);
  await page.click('#elsewhere a');
  assert.match(await page.locator('#elsewhere').innerText(), new RegExp(hospital.id));
  await page.context().close();
});

test('an organisation that gives nothing is named with the reason', async () => {
  const page = await signedIn(clinic, user(clinic, 'clinician'), ENGLISH);
  await page.goto(`/portal/patients/${both.id}?glass=city-lab`);
  await whole(page);
  const told = await page.locator('#elsewhere [role=alert]').first().innerText();
  assert.match(told, /Something is missing here[\s\S]*city-lab/);
  assert.match(await page.locator('#banner-elsewhere').innerText(), /Not all answered/);
  await page.context().close();
});

test('a patient is admitted once: who is here already is shown first', async () => {
  const page = await signedIn(clinic, user(clinic, 'clinician'), ENGLISH);
  const family = `Admitted${Date.now()}`;
  const fill = async () => {
    await page.goto('/portal/patients/new');
    await page.fill('#given', 'Ada');
    await page.fill('#family', family);
    await page.fill('#born', '1971-02-03');
    await page.check('input[name=sex][value=female]');
  };
  await page.goto('/portal/patients/new');
  await page.click('main button[type=submit]');
  await look(page, 'clinician-admit-faults', ENGLISH);
  assert.equal(await page.locator('.faults li').count(), 4);
  // By keyboard alone; the second time by mouse.
  await type(page, '#given', 'Ada');
  await type(page, '#family', family);
  await typeDay(page, '#born', '1971-02-03');
  await tabTo(page, 'input[name=sex]');
  await page.keyboard.press('Space');
  await tabTo(page, 'main button[type=submit]');
  await page.keyboard.press('Enter');
  await page.waitForURL(/saved=Patient/);
  assert.match(await page.locator('.banner').innerText(), /No allergies recorded here/);
  await fill();
  await page.click('main button[type=submit]');
  await page.locator('[name=another]').waitFor();
  await look(page, 'clinician-admit-known', ENGLISH);
  await page.goto(`/portal?name=${family}&born=1971-02-03`);
  assert.equal(await page.locator('.lines li').count(), 1);
  await page.context().close();
});

/** Goes to an element by Tab alone. */
async function tabTo(page, selector) {
  for (let steps = 0; steps < 120; steps += 1) {
    await page.keyboard.press('Tab');
    const there = await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector);
    if (there) {
      const seen = await page.evaluate(() => {
        const box = document.activeElement.getBoundingClientRect();
        const bar = document.querySelector('.sticky')?.getBoundingClientRect();
        return !bar || document.activeElement.closest('.sticky') !== null || box.bottom > bar.bottom || box.top < bar.top;
      });
      assert.ok(seen, `${selector} is behind the banner`);
      return;
    }
  }
  assert.fail(`no way to ${selector} by Tab`);
}

/** Types into a field that is reached by Tab. */
async function type(page, selector, words) {
  await tabTo(page, selector);
  await page.keyboard.type(words);
}

/** Chooses in a list that is reached by Tab, by the first letters of what it shows. */
async function choose(page, selector, words) {
  await type(page, selector, words);
  assert.equal(await page.inputValue(selector), words);
}

test('a clinician finds a patient, writes a note, a measurement and a prescription by keyboard alone', async () => {
  const page = await signedIn(clinic, user(clinic, 'clinician'), ENGLISH);
  await type(page, '#number', both.id);
  await page.keyboard.press('Enter');
  await page.locator('.lines a').waitFor();
  await tabTo(page, '.lines a');
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/portal/patients/${both.id}`);
  const chart = page.url();

  await tabTo(page, 'a[href$="/note"]');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/note');
  await type(page, '#title', 'First visit');
  await type(page, '#words', 'Feels well. Ä, 漢, <b>not bold</b>.');
  await tabTo(page, 'main button[type=submit]');
  await page.keyboard.press('Enter');
  await page.waitForURL(/saved=DocumentReference/);
  await page.locator('.done salus-seal[state=valid]').waitFor();
  await look(page, 'clinician-saved', ENGLISH);
  await tabTo(page, '.done a');
  await page.keyboard.press('Enter');
  await page.locator('.written').waitFor();
  assert.equal(await page.locator('.written').innerText(), 'Feels well. Ä, 漢, <b>not bold</b>.');
  await look(page, 'clinician-note-read', ENGLISH);

  await page.goto(chart);
  await tabTo(page, 'a[href$="/measure"]');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/measure');
  await type(page, '#value', '12');
  await type(page, '#lower', '8');
  await page.keyboard.press('Enter');
  await page.locator('#sure').waitFor();
  await look(page, 'clinician-measure-doubt', ENGLISH);
  await tabTo(page, '#sure');
  await page.keyboard.press('Space');
  await tabTo(page, 'main button[type=submit]');
  await page.keyboard.press('Enter');
  await page.waitForURL(/saved=Observation/);

  await page.goto(chart);
  await tabTo(page, 'a[href$="/prescribe"]');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/prescribe');
  await type(page, '#medicine', 'Ibuprofen 400 mg tablets');
  await page.keyboard.press('Enter');
  await page.locator('.faults').waitFor();
  await look(page, 'clinician-prescribe-faults', ENGLISH);
  await type(page, '#dosage', 'One with each meal');
  await type(page, '#quantity', '20');
  await page.keyboard.press('Enter');
  await page.waitForURL(/saved=MedicationRequest/);
  assert.match(await page.locator('main').innerText(), /Ibuprofen 400 mg tablets/);
  await page.context().close();
});

test('the glass is broken by keyboard alone, after what happens was said', async () => {
  const { id, home } = await shared(fresh('Sayed'), false);
  const page = await signedIn(clinic, user(clinic, 'clinician'), ENGLISH);
  await page.goto(`/portal/patients/${id}/reach`);
  await tabTo(page, 'a[href$="/glass"]');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/glass');
  const said = await page.locator('.alarm').innerText();
  for (const words of [/told at once/, /72 hours/, /for ever/, /to account/]) assert.match(said, words);
  await tabTo(page, 'main button[type=submit]');
  await page.keyboard.press('Enter');
  await page.locator('.faults').waitFor();
  await look(page, 'clinician-glass-faults', ENGLISH);
  await tabTo(page, 'input[name=organisation]');
  await page.keyboard.press('Space');
  await tabTo(page, 'input[name=reason]');
  await page.keyboard.press('Space');
  await type(page, '#words', 'Found without consciousness in the street.');
  await tabTo(page, '#understood');
  await page.keyboard.press('Space');
  await tabTo(page, 'main button[type=submit]');
  await page.keyboard.press('Enter');
  await page.waitForURL(/glass=/);
  await whole(page);
  assert.match(await page.locator('.glass').innerText(), /emergency opening[\s\S]*ends on/);
  assert.match(await page.locator('#elsewhere').innerText(), new RegExp(hospital.id));
  await look(page, 'clinician-glass-open', ENGLISH);
  const told = await ask(hospital, home.token, 'GET', '/fhir/Communication');
  assert.ok((told.entry ?? []).length > 0, 'the patient was told');
  await page.context().close();
});

test('a link by the code of the patient, a request to the patient, and a question to all members', async () => {
  const home = await newcomer(fresh('Linked'));
  const doctor = user(clinic, 'clinician');
  await ask(hospital, home.token, 'POST', '/identity/keys', { mode: 'custodial' });
  const { code } = await ask(hospital, home.token, 'POST', '/sharing/codes', { patient: home.id });
  const { id } = await ask(clinic, doctor.token, 'POST', '/fhir/Patient', {
    resourceType: 'Patient', name: [{ family: 'Linked', given: ['By', 'Code'] }], birthDate: '1980-01-01' });
  const page = await signedIn(clinic, doctor, ENGLISH);
  await page.goto(`/portal/patients/${id}/reach`);
  await page.selectOption('#with', hospital.id);
  await page.fill('#code', 'AAAA-AAAA-AAAA-AAAA');
  await page.click('form[action$="/link"] button');
  await page.locator('.faults').waitFor();
  await look(page, 'clinician-link-wrong', ENGLISH);
  // What went wrong by mouse goes right by keyboard alone.
  await choose(page, '#with', hospital.id);
  await type(page, '#code', code);
  await page.keyboard.press('Enter');
  await page.waitForURL(/done=linked/);
  await look(page, 'clinician-linked', ENGLISH);
  await page.selectOption('#of', hospital.id);
  await page.fill('#words', 'short');
  await page.click('form[action$="/request"] button');
  await page.locator('.faults').waitFor();
  await look(page, 'clinician-request-short', ENGLISH);
  await choose(page, '#of', hospital.id);
  await type(page, '#words', 'Your knee is to be operated on Friday, and I need the earlier images.');
  await tabTo(page, 'form[action$="/request"] button');
  await page.keyboard.press('Enter');
  await page.waitForURL(/done=requested/);
  await look(page, 'clinician-requested', ENGLISH);
  const asked = await ask(hospital, home.token, 'GET', '/sharing/requests');
  assert.equal(asked.requests[0].organisation, clinic.id);
  await tabTo(page, 'form[action$="/locate"] button');
  await page.keyboard.press('Space');
  await page.locator('.card[role=status]').waitFor();
  await look(page, 'clinician-located', ENGLISH);
  await page.context().close();
});

test('a search that finds many is gone through page by page', async () => {
  const doctor = user(clinic, 'clinician');
  const family = fresh('Crowd');
  const entry = Array.from({ length: 23 }, (_, nth) => ({ request: { method: 'POST', url: 'Patient' },
    resource: { resourceType: 'Patient', name: [{ family, given: [`Nth${nth}`] }], birthDate: '1950-01-01' } }));
  await ask(clinic, doctor.token, 'POST', '/fhir', { resourceType: 'Bundle', type: 'batch', entry });
  const page = await signedIn(clinic, doctor, ENGLISH);
  await page.goto('/portal');
  await type(page, '#name', family);
  await page.keyboard.press('Enter');
  await page.waitForURL(/name=/);
  const first = await page.locator('.lines a').allInnerTexts();
  assert.equal(first.length, 20);
  await look(page, 'clinician-many', ENGLISH);
  await tabTo(page, 'nav.pager a');
  await page.keyboard.press('Enter');
  await page.waitForURL(/page=/);
  const second = await page.locator('.lines a').allInnerTexts();
  assert.equal(new Set([...first, ...second]).size, 23);
  await page.context().close();
});

test('what a clinician did is in the own accesses, with its seal', async () => {
  const page = await signedIn(clinic, user(clinic, 'clinician'), ENGLISH);
  await page.goto(`/portal/patients/${both.id}?tab=visits`);
  // The index of events follows their commit: the page is asked until it has the line.
  const line = page.locator(`a[href="/portal/patients/${both.id}"]`);
  await page.goto('/portal/my-accesses');
  for (let turn = 0; turn < 40 && await line.count() === 0; turn += 1) {
    await page.waitForTimeout(250);
    await page.goto('/portal/my-accesses');
  }
  assert.ok(await line.count() > 0);
  // By keyboard alone: what the seals of the page say, and what was done before.
  await tabTo(page, 'salus-seal-all button');
  await page.keyboard.press('Enter');
  await tabTo(page, 'nav.pager a');
  await page.keyboard.press('Enter');
  await page.waitForURL(/page=/);
  assert.ok(await page.locator('ol.lines li').count() > 0);
  await page.context().close();
});

test('a pharmacist reads all and writes medicines only', async () => {
  const pharmacy = (await import('./walk.mjs')).demo.organisations.find((one) => user(one, 'pharmacist'));
  const pharmacist = user(pharmacy, 'pharmacist');
  const doctor = user(pharmacy, 'clinician');
  const { id } = await ask(pharmacy, doctor.token, 'POST', '/fhir/Patient', {
    resourceType: 'Patient', name: [{ family: 'Dispensed', given: ['To'] }], birthDate: '1980-01-01' });
  const page = await signedIn(pharmacy, pharmacist, ENGLISH);
  await page.goto(`/portal/patients/${id}`);
  await whole(page);
  assert.equal(await page.locator('.acts a[href$="/note"]').count(), 0);
  await look(page, 'pharmacist-chart', ENGLISH);
  for (const path of ['note', 'measure', 'glass']) {
    const refused = await page.context().request.get(`/portal/patients/${id}/${path}`);
    assert.equal(refused.status(), 403, path);
  }
  await page.goto(`/portal/patients/${id}/prescribe`);
  await page.fill('#medicine', 'Paracetamol 500 mg tablets');
  await page.fill('#dosage', 'One when in pain');
  await page.click('main button[type=submit]');
  await page.waitForURL(/saved=MedicationRequest/);
  await page.context().close();
});
