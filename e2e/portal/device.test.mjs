// By keyboard alone: a patient moves the keys to the own browser, gives and withdraws a permission with
// them, hands the record on by a link, and erases it in the end.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  clinic, close, connect, dateAt, hospital, look, newcomer, press, signedIn, tabTo,
} from './walk.mjs';

const WAY = { language: 'en', width: 1280, scheme: 'light' };
const PASSPHRASE = 'four words and some more';

let who;
let page;

before(async () => {
  who = await newcomer(`Device${Date.now().toString(36)}`);
  await connect(who, clinic);
  page = await signedIn(hospital, who, WAY);
});

after(close);

/** Types the passphrase where the element asks for it. */
async function unlock() {
  await page.locator('form[data-passphrase=open]').waitFor();
  // The field has the focus already.
  await page.keyboard.type(PASSPHRASE);
  await page.keyboard.press('Enter');
}

/** Prepares, reads what is to be signed, and signs. */
async function signs() {
  await press(page, 'salus-sign [data-act=prepare]');
  await page.locator('salus-sign[state=review]').waitFor();
  await look(page, 'device-review', WAY, 0.1);
  await press(page, 'salus-sign [data-act=sign]');
  await unlock();
}

test('keys are made in the browser, backed up on cards, and the organisation keeps none', async () => {
  await page.goto('/portal/keys');
  await page.locator('salus-device[state=none]').waitFor();
  await press(page, 'button[data-act=make]');
  await page.locator('form[data-passphrase=new]').waitFor();
  await look(page, 'device-passphrase', WAY, 0.1);
  await page.keyboard.type(PASSPHRASE);
  await page.keyboard.press('Tab');
  await page.keyboard.type(PASSPHRASE);
  await page.keyboard.press('Enter');
  await page.locator('salus-device[state=backup]').waitFor({ timeout: 60_000 });
  assert.equal(await page.locator('article.card').count(), 3);
  await look(page, 'device-cards', WAY, 0.1);
  await press(page, 'button[data-act=done]');
  await page.locator('salus-device[state=enrolled]').waitFor();
  await page.reload();
  await page.locator('.facts', { hasText: 'On your own device' }).waitFor();
  await look(page, 'device-enrolled', WAY);
});

test('a permission is given and withdrawn by what the browser signs', async () => {
  await page.goto(`/portal/permissions/check?who=${clinic.id}&purpose=TREAT&without=HIV&long=month`);
  await page.locator('salus-sign[state=ask]').waitFor();
  await signs();
  await page.waitForURL(/permissions\/[0-9a-f-]{36}$/, { timeout: 60_000 });
  await page.locator('.done', { hasText: 'in force' }).waitFor();
  await page.locator('salus-sign[state=ask]').waitFor();
  await signs();
  await page.locator('.note[role=status]').waitFor({ timeout: 60_000 });
});

test('a link is made, told once with its code, and ended', async () => {
  await page.goto('/portal/take');
  await press(page, 'main details summary');
  await press(page, 'form[action$=link] button');
  await page.locator('.faults').waitFor();
  assert.equal(await page.locator('.faults li').count(), 2);
  await look(page, 'patient-link-faults', WAY);
  await tabTo(page, 'input[name=label]');
  await page.keyboard.type('For my doctor');
  await dateAt(page, 'input[name=expires]', 7);
  await press(page, 'form[action$=link] button');
  await page.locator('.qr svg').waitFor();
  assert.match(await page.locator('section.card code').innerText(), /^shlink:\//);
  await look(page, 'patient-link', WAY);
  await page.goto('/portal/take');
  assert.equal(await page.locator('.qr').count(), 0);
  await press(page, 'form[action$=end] button');
  await page.locator('form[action$=end]').waitFor({ state: 'detached' });
});

test('the record is erased, and a certificate follows', async () => {
  await page.goto('/portal/erase');
  await tabTo(page, 'input[name=sure]');
  await page.keyboard.press('Space');
  await press(page, 'button.warn');
  await page.waitForURL('**/portal/erase/**');
  await look(page, 'patient-erased', WAY);
  const certificate = await page.locator('a[href*=certificate]').getAttribute('href');
  let answer;
  for (let tries = 0; tries < 60; tries += 1) {
    answer = await fetch(hospital.base + certificate);
    if (answer.status === 200) break;
    await new Promise((later) => { setTimeout(later, 500); });
  }
  assert.equal(answer.status, 200);
  const back = await page.goto('/portal/record');
  assert.match(page.url(), /sign-in/, String(back.status()));
});
