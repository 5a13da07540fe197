// What a privacy officer sees and does: every page in every way, and each flow by mouse and by
// keyboard alone.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { ask, emergency, enterAt, hospital, known, tabTo, typeInto, user } from './office.mjs';
import { WAYS, close, look, signedIn, weigh } from './walk.mjs';

const WIDE = { language: 'en', width: 1280, scheme: 'light' };
const SMALL = { language: 'de', width: 360, scheme: 'dark' };

after(close);

let visit;
let glasses;
let questions;
let height;
const officer = () => user(hospital, 'auditor');
const open = (way = WIDE) => signedIn(hospital, officer(), way);

before(async () => {
  visit = await known();
  glasses = [];
  for (const words of ['found unconscious, unknown medication', 'severe allergic reaction',
    'no answer from the patient']) {
    glasses.push(await emergency(visit, words));
  }
  const { lines } = await ask(hospital, 'GET', '/reports/accesses?count=50', visit.token);
  const read = lines.filter((line) => line.deed === 'disclose');
  assert.ok(read.length >= 2, JSON.stringify(lines.slice(0, 5)));
  questions = [];
  for (const [about, kind, text] of [
    [read[0].event, 'why', 'Why did the clinic read my results?\nI was not there that day.'],
    [read[1].event, 'why', 'Who asked for this?'],
    [glasses[2], 'contest', 'I was awake and could have been asked.'],
  ]) {
    const body = { about: about.replace(/\/_history.*/, ''), kind, text };
    questions.push((await ask(hospital, 'POST', '/questions', visit.token, body)).id);
  }
  const status = await ask(hospital, 'GET', '/ledger/status', visit.token);
  ({ height } = status);
});

/** A block that has more than batches in it. */
async function eventful() {
  for (let at = height; at > Math.max(1, height - 600); at -= 1) {
    const block = await ask(hospital, 'GET', `/ledger/blocks/${at}`, visit.token);
    if (block.transactions.some((one) => one.kind === 'BreakGlass')) return at;
  }
  return height;
}

for (const way of WAYS) {
  test(`a privacy officer's pages, ${way.language}, ${way.width}, ${way.scheme}`, async () => {
    const page = await open(way);
    const report = `/portal/disclosures?patient=${visit.home}`;
    for (const [name, path] of [
      ['officer-home', '/portal'],
      ['officer-openings', '/portal/openings'],
      ['officer-opening', `/portal/openings/${glasses[2]}`],
      ['officer-disclosures', '/portal/disclosures'],
      ['officer-disclosures-report', report],
      ['officer-accesses-report', `${report}&kind=accesses`],
      ['officer-disclosures-faults', '/portal/disclosures?patient=%21&from=x'],
      ['officer-disclosures-print', `/portal/disclosures/print?patient=${visit.home}`],
      ['officer-suspensions', `/portal/suspensions?patient=${visit.home}`],
      ['officer-suspension-new', `/portal/suspensions/new?patient=${visit.home}`],
      ['officer-questions', '/portal/questions'],
      ['officer-question', `/portal/questions/${questions[2]}`],
      ['officer-holds', '/portal/holds'],
      ['officer-ledger', '/portal/ledger'],
      ['officer-block', `/portal/ledger/blocks/${await eventful()}`],
      ['officer-check', '/portal/ledger/check'],
      ['officer-checked', `/portal/ledger/check?from=${Math.max(1, height - 60)}&to=${height - 5}`],
      ['officer-verify', '/portal/verify'],
      ['officer-evidence', '/portal/evidence'],
    ]) {
      await page.goto(path);
      if (name === 'officer-checked') await page.waitForSelector('salus-history[state=valid]');
      await look(page, name, way);
      await weigh(page, path, name);
    }
    await page.context().close();
  });
}

test('a review is given by mouse, and its words are kept', async () => {
  const page = await open();
  await page.click(`a[href="/portal/openings/${glasses[0]}"]`);
  await page.click('main form button[type=submit]');
  await page.waitForSelector('.faults');
  await look(page, 'officer-opening-faults', WIDE);
  await page.check('input[value=justified]');
  await page.fill('textarea[name=words]', 'unconscious on arrival');
  await page.click('main form button[type=submit]');
  await page.waitForURL('**/portal/openings?done=1');
  await look(page, 'officer-openings-done', WIDE);
  await page.click(`a[href="/portal/openings/${glasses[0]}"]`);
  assert.match(await page.innerText('main'), /unconscious on arrival/);
  assert.equal(await page.locator('main form').count(), 0);
  await page.context().close();
});

test('a review is given by keyboard alone', async () => {
  const page = await open(SMALL);
  await enterAt(page, `a[href="/portal/openings/${glasses[1]}"]`, '**/portal/openings/*');
  await tabTo(page, 'input[name=verdict]');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Space');
  await typeInto(page, 'textarea[name=words]', 'mehr gelesen als nötig');
  await enterAt(page, 'main form button[type=submit]', '**/portal/openings?done=1');
  const { openings } = await ask(hospital, 'GET', '/sharing/break-glass', officer().token);
  const given = openings.find(({ glass }) => glass === glasses[1]).review;
  assert.equal(given.verdict, 'not-justified');
  assert.equal(given.words, 'mehr gelesen als nötig');
  await page.context().close();
});

test('questions are answered by mouse and by keyboard, and the patient reads it', async () => {
  const page = await open();
  await page.goto('/portal/questions');
  await page.click(`a[href="/portal/questions/${questions[0]}"]`);
  await page.fill('textarea[name=text]', 'It was an emergency.\nThe review is done.');
  await page.click('main form button[type=submit]');
  await page.waitForURL('**/portal/questions?done=1');
  await enterAt(page, `a[href="/portal/questions/${questions[1]}"]`, `**/${questions[1]}`);
  await typeInto(page, 'textarea[name=text]', 'A doctor of the clinic.');
  await enterAt(page, 'main form button[type=submit]', '**/portal/questions?done=1');
  const told = await ask(hospital, 'GET', '/questions', visit.token);
  const answers = told.questions.map(({ answer }) => answer?.text);
  assert.ok(answers.includes('It was an emergency.\nThe review is done.'), JSON.stringify(answers));
  assert.ok(answers.includes('A doctor of the clinic.'));
  await page.goto(`/portal/questions/${questions[0]}`);
  await look(page, 'officer-question-answered', WIDE);
  await page.context().close();
});

test('a report is made by keyboard, each line is verified, and a file has the lines', async () => {
  const page = await open();
  await page.goto('/portal/disclosures');
  await typeInto(page, 'input[name=patient]', visit.home);
  await page.keyboard.press('Enter');
  await page.waitForSelector('table salus-seal');
  const lines = await page.locator('tbody tr').count();
  assert.ok(lines >= 4, `${lines}`);
  await tabTo(page, '[data-act=all]');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() =>
    [...document.querySelectorAll('salus-seal')].every((it) => it.getAttribute('state') === 'valid'));
  await look(page, 'officer-disclosures-verified', WIDE);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    tabTo(page, 'a[href^="/portal/disclosures/file"]').then(() => page.keyboard.press('Enter')),
  ]);
  const text = readFileSync(await download.path(), 'utf8');
  assert.equal(text.trim().split('\r\n').length, lines + 1);
  await page.context().close();
});

test('a suspension is entered and ended by keyboard', async () => {
  const page = await open();
  await page.goto(`/portal/suspensions?patient=${visit.home}`);
  await enterAt(page, 'a.button', '**/portal/suspensions/new?*');
  await page.click('main form button[type=submit]');
  await page.waitForSelector('.faults');
  await look(page, 'officer-suspension-faults', WIDE);
  // What went wrong by mouse goes right by keyboard alone.
  await tabTo(page, 'input[name=disclosures]');
  await page.keyboard.press('Space');
  await typeInto(page, 'input[name=agency]', 'north-clinic');
  await typeInto(page, 'input[name=official]', 'Deputy Reyes');
  await tabTo(page, 'input[name=statement]');
  await page.keyboard.press('ArrowDown');
  assert.ok(await page.isChecked('input[value=oral]'));
  await enterAt(page, 'main form button[type=submit]', '**/portal/suspensions?patient=*');
  await look(page, 'officer-suspended', WIDE);
  await enterAt(page, 'details summary', '**/portal/suspensions?patient=*');
  await enterAt(page, 'details button', '**/portal/suspensions?patient=*');
  await page.waitForFunction(() => document.querySelector('details') === null);
  await page.context().close();
});

test('a legal hold is placed and lifted by keyboard', async () => {
  const page = await open();
  await page.goto('/portal/holds');
  await typeInto(page, 'input[name=patient]', visit.home);
  await typeInto(page, 'textarea[name=words]', 'case 4711');
  await enterAt(page, 'main form button[type=submit]', '**/portal/holds?done=placed');
  await look(page, 'officer-hold-placed', WIDE);
  await enterAt(page, `.cards a[href*="patient=${visit.home}&lift=1"]`, '**/portal/holds?*lift=1');
  await look(page, 'officer-hold-lift', WIDE);
  await typeInto(page, 'textarea[name=words]', 'the case is closed');
  await enterAt(page, 'main form button[type=submit]', '**/portal/holds?done=lifted');
  const { holds } = await ask(hospital, 'GET', '/erasures/holds', officer().token);
  assert.ok(!holds.some(({ patient }) => patient === visit.home));
  await page.context().close();
});

test('the browser checks the history, and finds what was changed', async () => {
  const page = await open();
  await page.goto('/portal/ledger/check');
  await enterAt(page, 'main form button[type=submit]', '**/portal/ledger/check?from=*');
  await page.waitForSelector('salus-history[state=valid]');
  const path = page.url();
  const changes = {
    'a removed block': (answer) => ({ ...answer, chain: answer.chain.toSpliced(3, 1) }),
    'another history': (answer) => ({ ...answer, between: ['00'.repeat(32), ...answer.between.slice(1)] }),
    'another checkpoint': (answer) => ({ ...answer,
      checkpoint: answer.checkpoint.replace(/\n(.)(.{43})\n/, (_, first, rest) =>
        `\n${first === 'A' ? 'B' : 'A'}${rest}\n`) }),
  };
  for (const [name, change] of Object.entries(changes)) {
    await page.route('**/portal/ledger/check/data?*', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: change(await response.json()) });
    });
    await page.goto(path);
    await page.waitForSelector('salus-history[state=changed]', { timeout: 10_000 })
      .catch((error) => assert.fail(`${name}: ${error}`));
    await page.unroute('**/portal/ledger/check/data?*');
  }
  await look(page, 'officer-check-changed', WIDE);
  await page.context().close();
});

test('a receipt is verified by the browser with the network blocked, and a changed one is not', async () => {
  const page = await open();
  const { lines } = await ask(hospital, 'GET',
    `/reports/disclosures?patient=${visit.home}&count=1`, officer().token);
  const [{ event }] = lines;
  const receipt = await ask(hospital, 'GET', `/fhir/${event}/$receipt`, officer().token);
  const trust = await ask(hospital, 'GET', '/ledger/trust', officer().token);
  await page.goto('/portal/verify');
  await page.waitForLoadState('networkidle');
  await page.context().setOffline(true);
  // Space opens the window in which a file is chosen, which is not a part of the page.
  const put = async (name, text) => {
    const [chooser] = await Promise.all([
      page.waitForEvent('filechooser'),
      tabTo(page, `[data-file=${name}]`).then(() => page.keyboard.press('Space')),
    ]);
    await chooser.setFiles({ name: `${name}.txt`, mimeType: 'text/plain', buffer: Buffer.from(text) });
  };
  await put('receipt', receipt);
  await put('trust', trust);
  await tabTo(page, 'main form button[type=submit]');
  await page.keyboard.press('Enter');
  await page.waitForSelector('salus-verify-file[state=valid]');
  await look(page, 'officer-verified', WIDE);
  await put('receipt', receipt.replace(/\nindex (\d+)\n/, (_, at) => `\nindex ${Number(at) + 1}\n`));
  await page.click('main form button[type=submit]');
  await page.waitForSelector('salus-verify-file[state=changed]');
  await page.context().close();
});

test('the ledger is gone through by keyboard alone: a block, its entries, the block before', async () => {
  const page = await open();
  await page.goto('/portal/ledger');
  const at = await eventful();
  await typeInto(page, 'main form input', String(at));
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/portal/ledger/blocks/${at}`);
  await enterAt(page, `main a[href="/portal/ledger/blocks/${at - 1}"]`, `**/blocks/${at - 1}`);
  await page.context().close();
});

test('another role has none of these pages', async () => {
  const page = await signedIn(hospital, user(hospital, 'clinician'), WIDE);
  for (const path of ['/portal/openings', `/portal/disclosures?patient=${visit.home}`,
    '/portal/suspensions/new?patient=x', '/portal/questions', '/portal/holds', '/portal/evidence']) {
    const response = await page.goto(path);
    assert.equal(response.status(), 403, path);
  }
  await page.context().close();
});
