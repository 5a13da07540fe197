// What a patient sees and does, on every page, in every way, and by keyboard alone.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { emergency } from './office.mjs';
import {
  WAYS, clinic, close, connect, dateAt, demo, hospital, look, newcomer, patientOf, press, send, signedIn,
  tabTo, user, weigh,
} from './walk.mjs';

after(close);

const PAGES = [
  ['patient-home', '/portal'],
  ['patient-record', '/portal/record'],
  ['patient-trends', '/portal/trends'],
  ['patient-accesses', '/portal/accesses'],
  ['patient-permissions', '/portal/permissions'],
  ['patient-permission-new', '/portal/permissions/new'],
  ['patient-permission-faults', '/portal/permissions/check?who='],
  ['patient-permission-check',
    '/portal/permissions/check?who=north-clinic&purpose=TREAT&without=ETH&without=MH&long=year'],
  ['patient-more', '/portal/more'],
  ['patient-notices', '/portal/notices'],
  ['patient-links', '/portal/links'],
  ['patient-family', '/portal/family'],
  ['patient-take', '/portal/take'],
  ['patient-keys', '/portal/keys'],
  ['patient-erase', '/portal/erase'],
];

const PLAIN = { language: 'en', width: 1280, scheme: 'light' };
const SMALL = { language: 'de', width: 360, scheme: 'dark' };
const laboratory = demo.organisations[2];

/** The record was opened in two emergencies, and two organisations ask for a permission. */
before(async () => {
  for (const elsewhere of [clinic, laboratory]) {
    const doctor = user(elsewhere, 'clinician').token;
    const there = await connect(patientOf(hospital), elsewhere);
    await send(elsewhere, doctor, '/sharing/requests', {
      source: hospital.id, patient: there, purpose: 'TREAT', text: 'Your knee is to be operated on Friday.',
    });
    if (elsewhere !== clinic) continue;
    for (const words of ['found unconscious, unknown medication', 'severe allergic reaction']) {
      await emergency({ there, doctor }, words);
    }
  }
});

for (const way of WAYS) {
  test(`a patient's pages, ${way.language}, ${way.width}, ${way.scheme}`, async () => {
    const page = await signedIn(hospital, patientOf(hospital), way);
    for (const [name, path] of PAGES) {
      await page.goto(path);
      await look(page, name, way);
      await weigh(page, path, name);
    }
    await page.goto('/portal/record');
    await page.click('.timeline .item .title a >> nth=3');
    await page.locator('salus-seal[state=valid]').waitFor();
    await page.click('salus-seal summary');
    await look(page, 'patient-item', way);
    await page.goto('/portal/accesses');
    await page.click('text=/^(Ask why|Fragen, warum)$/ >> nth=0');
    await look(page, 'patient-ask', way);
    await page.click('main button[type=submit]');
    await page.locator('.faults').waitFor();
    await look(page, 'patient-ask-faults', way);
    await page.goto('/portal/nothing/here');
    page.told = page.told.filter((line) => !line.includes('404'));
    await look(page, 'patient-absent', way);
    await page.context().close();
  });
}

test('every seal of a page is checked in this browser', async () => {
  const page = await signedIn(hospital, patientOf(hospital), PLAIN);
  await page.goto('/portal/record');
  await page.click('salus-seal-all button');
  await page.locator('salus-seal-all[state=valid]').waitFor();
  assert.match(await page.locator('salus-seal-all').innerText(), /25 of 25 seals are valid/);
  await page.context().close();
});

test('a permission is given and withdrawn by keyboard alone', async () => {
  const page = await signedIn(hospital, patientOf(hospital), PLAIN);
  await page.goto('/portal/permissions');
  // The laboratory asked, and gets a no; the clinic asked too, and gets what it asked for.
  const asks = (id) => page.locator('.cards > li', { hasText: `${id}` }).locator('form[action$=decline]');
  await tabTo(page, `li:has(a[href*="who=${laboratory.id}"]) form[action$=decline] button`);
  await page.keyboard.press('Enter');
  await asks(laboratory.id).waitFor({ state: 'detached' });
  await press(page, `a[href^="/portal/permissions/new?who=${clinic.id}"]`);
  await page.waitForURL('**/new?**');
  await tabTo(page, 'input[name=who]');
  // Arrow keys choose among radio buttons: the clinic is the one that is connected.
  for (let tries = 0; tries < 4; tries += 1) {
    if (await page.isChecked(`input[value=${clinic.id}]`)) break;
    await page.keyboard.press('ArrowDown');
  }
  await press(page, 'main button[type=submit]');
  await page.waitForURL('**/check?**');
  await press(page, 'main button[type=submit]');
  await page.waitForURL(/permissions\/[0-9a-f-]{36}$/);
  await page.locator('.done').waitFor();
  await press(page, 'button.warn');
  await page.locator('.note[role=status]').waitFor();
  await page.context().close();
});

test('a question is asked by keyboard alone, and stands among the own ones', async () => {
  const page = await signedIn(hospital, patientOf(hospital), PLAIN);
  await page.goto('/portal/accesses');
  const words = `Why was this done? ${Date.now()}`;
  await press(page, 'main a[href^="/portal/ask?kind=why"]');
  await page.waitForURL('**/ask?**');
  await tabTo(page, 'textarea');
  await page.keyboard.type(words);
  await press(page, 'main button[type=submit]');
  await page.waitForURL('**/notices');
  await page.locator('.lines', { hasText: words }).waitFor();
  // The same again: the server says that it waits for an answer.
  await page.goBack();
  await page.locator('textarea').fill('Once more');
  await page.click('main button[type=submit]');
  await page.locator('.faults').waitFor();
  await page.context().close();
});

test('an emergency opening is acknowledged and contested by keyboard alone', async () => {
  const page = await signedIn(hospital, patientOf(hospital), PLAIN);
  await press(page, 'nav a[href="/portal/more"]');
  await page.waitForURL('**/more');
  await press(page, 'main a[href="/portal/notices"]');
  await page.waitForURL('**/notices');
  const tags = (words) => page.locator('.cards .tag', { hasText: words });
  const seen = await tags('You have seen this').count();
  const unseen = page.locator('.cards form[action="/portal/ask"]');
  const left = await unseen.count();
  assert.ok(left > 0);
  await press(page, '.cards form[action="/portal/ask"] button');
  await tags('You have seen this').nth(seen).waitFor();
  assert.equal(await unseen.count(), left - 1);
  await look(page, 'patient-notices-seen', PLAIN);
  // What was seen can be contested still.
  const contested = await tags('You contested this').count();
  await press(page, '.cards li:has(.tag) a[href^="/portal/ask?kind=contest"]');
  await page.waitForURL('**/ask?**');
  await press(page, 'main button[type=submit]');
  await page.locator('.faults').waitFor();
  await look(page, 'patient-contest-faults', PLAIN);
  await tabTo(page, 'textarea');
  await page.keyboard.type('I was awake and could have been asked.');
  await press(page, 'main button[type=submit]');
  await page.waitForURL('**/notices');
  await tags('You contested this').nth(contested).waitFor();
  await look(page, 'patient-notices-contested', PLAIN);
  await page.context().close();
});

test('two organisations are connected by a code, made and typed by keyboard alone', async () => {
  const family = `Twice${Date.now().toString(36)}`;
  const [there, here] = [await newcomer(family, clinic), await newcomer(family)];
  const away = await signedIn(clinic, there, SMALL);
  await away.goto('/portal/links');
  await press(away, 'form[action$=code] button');
  const code = await away.locator('p.code').innerText();
  await look(away, 'patient-link-code', SMALL);
  const page = await signedIn(hospital, here, PLAIN);
  await page.goto('/portal/links');
  await tabTo(page, 'select[name=organisation]');
  await page.keyboard.type(clinic.id.slice(0, 5));
  await tabTo(page, 'input[name=code]');
  await page.keyboard.type('AAAA-BBBB-CCCC-DDDD');
  await page.keyboard.press('Enter');
  await page.locator('.faults').waitFor();
  await look(page, 'patient-code-faults', PLAIN);
  // What was chosen and typed is still there; Tab selects the code, and typing replaces it.
  await tabTo(page, 'input[name=code]');
  await page.keyboard.type(code);
  await press(page, 'form[action$="links/new"] button');
  await page.locator('.done', { hasText: clinic.id }).waitFor();
  await look(page, 'patient-linked', PLAIN);
  await away.context().close();
  await page.context().close();
});

test('the record is gone through by keyboard alone: a kind, an item, its proof, a trend', async () => {
  const page = await signedIn(hospital, patientOf(hospital), PLAIN);
  await press(page, 'nav a[href="/portal/record"]');
  await page.waitForURL('**/record');
  await press(page, 'salus-seal-all button', 'Space');
  await page.locator('salus-seal-all[state=valid]').waitFor();
  await tabTo(page, 'select[name=kind]');
  await page.keyboard.press('End');
  const kind = await page.inputValue('select[name=kind]');
  await press(page, 'form.filter button');
  await page.waitForURL(`**/record?kind=${kind}`);
  await press(page, '.timeline .title a');
  await page.waitForURL(`**/record/${kind}/*`);
  await page.locator('salus-seal[state=valid]').waitFor();
  await press(page, 'salus-seal summary');
  await page.locator('salus-seal details[open]').waitFor();
  await press(page, 'nav a[href="/portal/trends"]');
  await page.waitForURL('**/trends**');
  await tabTo(page, 'salus-chart [role=slider]');
  await page.keyboard.press('Home');
  const first = await page.getAttribute('salus-chart [role=slider]', 'aria-valuetext');
  await page.keyboard.press('End');
  assert.notEqual(await page.getAttribute('salus-chart [role=slider]', 'aria-valuetext'), first);
  await press(page, 'salus-chart summary');
  await page.locator('salus-chart details[open] td').first().waitFor();
  await page.context().close();
});

/** A patient with 365 values in each of so many years, and an allergy that was stored last. */
async function largeRecord(first, last) {
  const who = await newcomer(`Large${Date.now().toString(36)}`);
  const subject = { reference: `Patient/${who.id}` };
  const entry = (resource) => ({ request: { method: 'POST', url: resource.resourceType }, resource });
  const post = (all) => send(hospital, user(hospital, 'clinician').token, '/fhir', {
    resourceType: 'Bundle', type: 'transaction', entry: all.map(entry),
  });
  for (let year = first; year <= last; year += 1) {
    await post(Array.from({ length: 365 }, (_, day) => ({
      resourceType: 'Observation', status: 'final', subject, code: { text: 'Heart rate' },
      category: [{ coding: [{
        system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs',
      }] }],
      effectiveDateTime: new Date(Date.UTC(year, 0, day + 1, 9)).toISOString().slice(0, 10),
      valueQuantity: { value: 60 + (day % 30), unit: '/min' },
    })));
  }
  await post([{
    resourceType: 'AllergyIntolerance', patient: subject, code: { text: 'Penicillin' },
    clinicalStatus: { coding: [{
      system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical', code: 'active',
    }] },
    recordedDate: `${first}-05-04`,
  }]);
  return who;
}

test('of a record of more than 5,000 entries the newest years are shown, and the way to the others', async () => {
  const who = await largeRecord(2011, 2024);
  const page = await signedIn(hospital, who, PLAIN);
  const years = page.locator('main .note');
  await page.goto('/portal/record');
  assert.match(await years.innerText(), /from 2015 on/);
  // Ten years of 365 entries, 25 on a page.
  assert.match(await page.innerText('nav.pager'), /1 of 146/);
  assert.match(await page.innerText('.timeline li >> nth=0'), /2024/);
  await look(page, 'patient-large', PLAIN);
  await weigh(page, '/portal/record', 'patient-large');
  await page.goto('/portal/record?page=146');
  assert.match(await page.innerText('.timeline li >> nth=24'), /1 January 2015/);
  await press(page, 'main .note a');
  await page.waitForURL('**/record?until=2014');
  assert.match(await years.innerText(), /from 2005 to 2014/);
  assert.match(await page.innerText('.timeline li >> nth=0'), /2014/);
  await page.goto('/portal/record?kind=AllergyIntolerance');
  assert.equal(await page.locator('.timeline li').count(), 1);
  assert.equal(await years.count(), 0, 'all of the few are shown');
  await page.goto('/portal/trends');
  assert.match(await years.innerText(), /from 2015 on/);
  assert.match(await page.innerText('main'), /newest 500 values are drawn/);
  await look(page, 'patient-large-trends', PLAIN);
  await weigh(page, '/portal/trends', 'patient-large-trends');
  await page.context().close();
  const small = await signedIn(hospital, who, SMALL);
  await small.goto('/portal/record?until=2014&kind=Observation');
  await look(small, 'patient-large-before', SMALL);
  await small.context().close();
  // A clinician sees the allergy, whatever else is too much for a page.
  const doctor = await signedIn(hospital, user(hospital, 'clinician'), PLAIN);
  for (const tab of ['', '?tab=timeline', '?tab=timeline&until=2014']) {
    await doctor.goto(`/portal/patients/${who.id}${tab}`);
    assert.match(await doctor.innerText('.banner'), /Penicillin/);
    await weigh(doctor, `/portal/patients/${who.id}${tab}`, 'clinician-large');
  }
  await doctor.locator('#elsewhere:not([aria-busy])').waitFor();
  await look(doctor, 'clinician-large', PLAIN);
  await doctor.context().close();
});

test('wrong inputs are told and change nothing', async () => {
  const page = await signedIn(hospital, patientOf(hospital), PLAIN);
  await page.goto('/portal/links');
  await page.fill('input[name=code]', 'AAAA-BBBB-CCCC-DDDD');
  await page.click('main form[action$=new] button');
  await page.locator('.faults a[href="#code"]').waitFor();
  await page.goto('/portal/family');
  await page.click('main form[action$=new] button');
  assert.equal(await page.locator('.faults li').count(), 2);
  await page.fill('input[name=delegate]', 'nobody-of-this-name');
  await page.fill('input[name=until]', '2020-01-01');
  await page.click('main form[action$=new] button');
  await page.locator('.faults').waitFor();
  await page.goto('/portal/erase');
  await page.click('button.warn');
  await page.locator('.faults a[href="#sure"]').waitFor();
  for (const path of ['/portal/permissions/x%2F..%2Fy', '/portal/record/Patient/..', '/portal/ask?kind=x']) {
    const response = await page.goto(path);
    assert.equal(response.status(), 404, path);
  }
  const others = demo.patients.find((one) => one.home === hospital.id
    && one.id !== patientOf(hospital).id);
  const response = await page.goto(`/portal/record/Patient/${others.id}`);
  assert.equal(response.status(), 404, 'the record of somebody else');
  await page.context().close();
});

test('what a page shows is in the log', async () => {
  const who = patientOf(hospital);
  const page = await signedIn(hospital, who, PLAIN);
  const began = new Date().toISOString();
  await page.goto('/portal/record');
  const report = await fetch(`${hospital.base}/reports/accesses?count=20`, {
    headers: { authorization: `Bearer ${who.token}` },
  });
  const { lines } = await report.json();
  const own = lines.filter((line) => line.time >= began && line.who.startsWith(who.username));
  assert.ok(own.some((line) => /Observation: \d+/.test(line.what)), JSON.stringify(own));
  await page.context().close();
});

test('the record is taken along', async () => {
  const page = await signedIn(hospital, patientOf(hospital), PLAIN);
  await page.goto('/portal/take');
  const [download] = await Promise.all([
    page.waitForEvent('download'), press(page, 'main a[download]'),
  ]);
  assert.match(download.suggestedFilename(), /\.zip$/);
  assert.equal(await download.failure(), null);
  await page.context().close();
});

test('somebody acts for another, and stops', async () => {
  const [one, other] = [patientOf(hospital, 0), patientOf(hospital, 1)];
  const page = await signedIn(hospital, one, PLAIN);
  await page.goto('/portal/family');
  await tabTo(page, 'input[name=delegate]');
  await page.keyboard.type(other.username);
  await dateAt(page, 'input[name=until]', 30);
  await press(page, 'main form[action$=new] button');
  await page.locator('.cards', { hasText: other.username }).waitFor();
  const second = await signedIn(hospital, other, PLAIN);
  await second.goto('/portal/family');
  await press(second, 'form[action$=act] button');
  await second.locator('.acting').waitFor();
  await look(second, 'patient-acting', PLAIN);
  await second.goto('/portal/record');
  await second.locator('.timeline li').first().waitFor();
  await press(page, '.cards form[action$=end] button');
  await page.locator('.cards', { hasText: other.username }).waitFor({ state: 'detached' });
  const refused = await second.goto('/portal/record');
  assert.equal(refused.status(), 404, 'a delegation that has ended');
  await press(second, 'form[action$=stop] button');
  await second.waitForURL('**/portal');
  await page.context().close();
  await second.context().close();
});

test('who signs out is out, and signs in again by keyboard alone', async () => {
  const page = await signedIn(hospital, patientOf(hospital), PLAIN);
  await page.goto('/portal/record');
  await press(page, 'form[action$=sign-out] button');
  await page.waitForURL('**/sign-in**');
  await page.goBack();
  await page.waitForURL('**/sign-in**');
  await look(page, 'sign-in', PLAIN);
  const signs = async (username, password) => {
    for (const [name, text] of Object.entries({ username, password })) {
      await tabTo(page, `input[name=${name}]`);
      await page.keyboard.type(text);
    }
    await page.keyboard.press('Enter');
  };
  await signs('nobody', 'nothing');
  await page.locator('.faults').waitFor();
  page.told = [];
  await look(page, 'sign-in-unfit', PLAIN);
  const { username, password } = patientOf(hospital);
  await signs(username, password);
  await page.locator('form[action$=sign-out]').waitFor();
  await page.context().close();
});
