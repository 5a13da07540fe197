// What a privacy officer sees where another organisation broke a rule. The demo's members never do, so
// DEMO names a consortium in which one did, as `crates/salus/tests/processes/misconduct.rs` makes it:
// the clinic keeps the file of a release after the revocation, and the hospital is played by the test.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { ask, enterAt, tabTo } from './office.mjs';
import { WAYS, clinic, close, hospital, look, signedIn, user, weigh } from './walk.mjs';

after(close);

const WIDE = { language: 'en', width: 1280, scheme: 'light' };
const officer = user(clinic, 'auditor');

for (const way of WAYS) {
  test(`evidence of misconduct, ${way.language}, ${way.width}, ${way.scheme}`, async () => {
    const page = await signedIn(clinic, officer, way);
    await look(page, 'evidence-home', way);
    await page.goto('/portal/evidence');
    assert.equal(await page.locator('.cards > li').count(), 1);
    await look(page, 'evidence-kept', way);
    await weigh(page, '/portal/evidence', 'evidence-kept');
    await page.context().close();
  });
}

test('the file is reached and taken along by keyboard alone, byte for byte', async () => {
  const { evidence } = await ask(clinic, 'GET', '/sharing/evidence', officer.token);
  const page = await signedIn(clinic, officer, WIDE);
  await enterAt(page, 'main a[href="/portal/evidence"]', '**/portal/evidence');
  assert.match(await page.locator('.cards').innerText(), new RegExp(hospital.id));
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    tabTo(page, '.cards a[download]').then(() => page.keyboard.press('Enter')),
  ]);
  assert.equal(readFileSync(await download.path(), 'utf8'), evidence[0].file);
  assert.equal(download.suggestedFilename(), `evidence-${evidence[0].grant}.txt`);
  const absent = await page.context().request.get(`/portal/evidence/${'0'.repeat(64)}`);
  assert.equal(absent.status(), 404);
  await page.context().close();
});
