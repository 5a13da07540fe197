// What a patient sees and does, on every page, in every way, and by keyboard alone.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  WAYS, clinic, close, connect, dateAt, demo, hospital, look, patientOf, press, signedIn, tabTo, weigh,
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

before(() => connect(patientOf(hospital), clinic));

const PLAIN = { language: 'en', width: 1280, scheme: 'light' };

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
  await press(page, 'a[href="/portal/permissions/new"]');
  await page.waitForURL('**/new');
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

test('an emergency opening is acknowledged and can be contested', async () => {
  const page = await signedIn(hospital, patientOf(hospital), PLAIN);
  await page.goto('/portal/notices');
  if (await page.locator('.cards li').count() === 0) return;
  await page.click('text=I have seen this');
  await page.locator('.tag', { hasText: 'You have seen this' }).first().waitFor();
  await page.context().close();
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
    page.waitForEvent('download'), page.click('a[download]'),
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
  await page.click('.cards button >> nth=0');
  await page.waitForLoadState();
  const refused = await second.goto('/portal/record');
  assert.equal(refused.status(), 404, 'a delegation that has ended');
  await second.click('text=Stop acting for this person');
  await second.waitForURL('**/portal');
  await page.context().close();
  await second.context().close();
});

test('who signs out is out, and the back button shows nothing', async () => {
  const page = await signedIn(hospital, patientOf(hospital), PLAIN);
  await page.goto('/portal/record');
  await page.click('text=Sign out');
  await page.waitForURL('**/sign-in**');
  await page.goBack();
  await page.waitForURL('**/sign-in**');
  await look(page, 'sign-in', PLAIN);
  await page.fill('input[name=username]', 'nobody');
  await page.fill('input[name=password]', 'nothing');
  await page.click('main button[type=submit] >> nth=0');
  await page.locator('.faults').waitFor();
  page.told = [];
  await look(page, 'sign-in-unfit', PLAIN);
  await page.context().close();
});
