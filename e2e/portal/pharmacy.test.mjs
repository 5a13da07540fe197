// What a pharmacist and a maker see and do: every page in every way, and the life of a pack from its
// maker to a patient, by mouse and by keyboard alone.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import bwipjs from 'bwip-js/node';
import { ask, demo, enterAt, hospital, typeInto, user } from './office.mjs';
import { WAYS, close, launch, look, signedIn, weigh } from './walk.mjs';

const WIDE = { language: 'en', width: 1280, scheme: 'light' };
const SMALL = { language: 'de', width: 360, scheme: 'dark' };
const GTIN = '09506000134352';
const LOT = `LOT${Date.now().toString(36).toUpperCase()}`;

after(close);

const named = (id) => demo.organisations.find((one) => one.id === id);
const maker = named('city-lab');
const pharmacy = named('harbour-pharmacy');
const pharmacist = (organisation) => user(organisation, 'pharmacist');
const admin = (organisation) => user(organisation, 'admin').token;
const open = (organisation = pharmacy, way = WIDE) =>
  signedIn(organisation, pharmacist(organisation), way);
const act = (organisation, body) =>
  ask(organisation, 'POST', '/packs/acts', pharmacist(organisation).token, body);
const verify = (organisation, scan) =>
  ask(organisation, 'POST', '/packs/verify', pharmacist(organisation).token, { scan });

let scans;

/** What a camera sees that looks at the GS1 DataMatrix of a pack: one frame, uncompressed. */
function filmed(scan) {
  const [width, height, cell] = [640, 480, 8];
  const [{ pixs, pixx, pixy }] = bwipjs.raw({ bcid: 'gs1datamatrix', text: scan });
  const luma = Buffer.alloc(width * height, 220);
  const [left, top] = [(width - pixx * cell) >> 1, (height - pixy * cell) >> 1];
  for (let y = 0; y < pixy * cell; y += 1) {
    for (let x = 0; x < pixx * cell; x += 1) {
      const dark = pixs[Math.floor(y / cell) * pixx + Math.floor(x / cell)];
      luma[(top + y) * width + left + x] = dark ? 20 : 220;
    }
  }
  const chroma = Buffer.alloc((width * height) / 2, 128);
  return Buffer.concat([Buffer.from(`YUV4MPEG2 W${width} H${height} F10:1 Ip A1:1 C420jpeg\nFRAME\n`),
    luma, chroma]);
}

/** The label of a case: an SSCC-18 with its check digit. */
function sscc(number) {
  const digits = `095060001${String(number).padStart(8, '0')}`.slice(0, 17);
  const sum = [...digits].reverse().reduce(
    (all, digit, at) => all + Number(digit) * (at % 2 === 0 ? 3 : 1), 0);
  return `(00)${digits}${(10 - (sum % 10)) % 10}`;
}

/** Waits until something is so, with a bound. */
async function until(what, is) {
  for (let at = 0; at < 100; at += 1) {
    const found = await what();
    if (is(found)) return found;
    await new Promise((go) => setTimeout(go, 200));
  }
  return assert.fail('it did not become so in 20 s');
}

/** Three of four make the laboratory a maker: nothing stays open for the other tests. */
async function trade() {
  const { roles } = await ask(maker, 'GET', '/packs', pharmacist(maker).token);
  if (roles.includes('maker')) return;
  const partner = { organisation: maker.id, roles: ['maker', 'wholesaler'] };
  await ask(hospital, 'POST', '/ledger/proposals', admin(hospital), { set_partner: partner });
  const mine = ({ proposal }) => proposal.set_partner?.organisation === maker.id;
  for (const voter of [demo.organisations[1], pharmacy]) {
    const { proposals } = await until(() => ask(voter, 'GET', '/ledger/proposals', admin(voter)),
      (found) => found.proposals.some(mine));
    const { id } = proposals.find(mine);
    await ask(voter, 'POST', `/ledger/proposals/${id}/votes`, admin(voter), { approve: true });
  }
  await until(() => ask(maker, 'GET', '/packs', pharmacist(maker).token),
    (found) => found.roles.includes('maker'));
}

async function check(page, scan) {
  await page.goto('/portal/packs');
  await page.fill('input[name=scan]', scan);
  await Promise.all([page.waitForURL('**/portal/packs/check'), page.keyboard.press('Enter')]);
}

async function verdict(page, scan, wanted) {
  await check(page, scan);
  await page.waitForSelector(`[data-verdict=${wanted}]`);
}

/** Presses the button of an act on the page of a verdict. */
async function press(page, name) {
  await page.click(`main form:has(input[name=act][value=${name}]) button`);
  await page.waitForURL(`**/portal/packs?done=${name}`);
}

before(async () => {
  // Before the vote the page says that the laboratory has no part in the trade.
  const { roles } = await ask(maker, 'GET', '/packs', pharmacist(maker).token);
  if (roles.length === 0) {
    const page = await open(maker, SMALL);
    await page.goto('/portal/packs');
    assert.equal(await page.locator('main .note').count(), 1);
    await look(page, 'pharmacy-no-partner', SMALL);
    await page.context().close();
  }
  await trade();
});

test('a maker makes packs by mouse, what is wrong is said at the field, and the codes are shown', async () => {
  const page = await open(maker);
  await page.goto('/portal/packs');
  await page.click('a[href="/portal/packs/make"]');
  await page.click('main form button[type=submit]');
  await page.waitForSelector('.faults');
  await look(page, 'pharmacy-make-faults', WIDE);
  await page.fill('input[name=gtin]', '9506000134359');
  await page.fill('input[name=lot]', LOT);
  await page.fill('input[name=expiry]', '2049-12-31');
  await page.fill('input[name=count]', '8');
  await page.click('main form button[type=submit]');
  // The check digit is wrong: the door says so.
  await page.waitForSelector('.faults');
  await page.fill('input[name=gtin]', GTIN.slice(1));
  await page.click('main form button[type=submit]');
  await page.waitForSelector('pre.codes');
  scans = await page.locator('pre.codes code').allInnerTexts();
  assert.equal(new Set(scans).size, 8);
  assert.ok(scans.every((scan) => scan.startsWith(`(01)${GTIN}(21)`) && scan.includes(`(10)${LOT}`)));
  await look(page, 'pharmacy-made', WIDE);
  await page.context().close();
});

test('a pack goes from its maker to a patient by mouse, and its number is then used', async () => {
  const [scan] = scans;
  const sender = await open(maker);
  await verdict(sender, scan, 'real');
  await sender.click('details:has(select[name=to]) summary');
  await sender.click('details:has(select[name=to]) button');
  await sender.waitForSelector('.faults');
  assert.ok(await sender.isVisible('select[name=to]'), 'the form that is wrong stays open');
  await look(sender, 'pharmacy-act-faults', WIDE);
  await sender.selectOption('select[name=to]', pharmacy.id);
  await press(sender, 'ship');
  await sender.context().close();
  await until(() => verify(pharmacy, scan), ({ place }) => place === 'awaited');
  const page = await open();
  await verdict(page, scan, 'real');
  await look(page, 'pharmacy-awaited', WIDE);
  await press(page, 'receive');
  await verdict(page, scan, 'real');
  await look(page, 'pharmacy-here', WIDE);
  await press(page, 'dispense');
  await look(page, 'pharmacy-dispensed', WIDE);
  await verdict(page, scan, 'used');
  await press(page, 'undo');
  await verdict(page, scan, 'real');
  await page.context().close();
});

test('a pack is scanned and dispensed by keyboard alone', async () => {
  const scan = scans[1];
  await act(maker, { act: 'ship', to: pharmacy.id, scans: scans.slice(1, 6) });
  await until(() => verify(pharmacy, scan), ({ place }) => place === 'awaited');
  const page = await open(pharmacy, SMALL);
  await enterAt(page, 'header nav a[href="/portal/packs"]', '**/portal/packs');
  for (const name of ['receive', 'dispense']) {
    await typeInto(page, 'input[name=scan]', scan);
    await Promise.all([page.waitForURL('**/portal/packs/check'), page.keyboard.press('Enter')]);
    await page.waitForSelector('[data-verdict=real]');
    await enterAt(page, `form:has(input[value=${name}]) button`, `**/portal/packs?done=${name}`);
  }
  assert.equal((await verify(pharmacy, scan)).verdict, 'used');
  await page.context().close();
});

test('what is not real is told apart, and a page that is old changes nothing', async () => {
  await act(pharmacy, { act: 'receive', scans: scans.slice(2, 6) });
  const page = await open();
  await verdict(page, `(01)${GTIN}(21)INVENTED(17)491231(10)${LOT}`, 'unknown');
  await verdict(page, scans[2].replace('(17)491231', '(17)511231'), 'mismatch');
  await verdict(page, scans[7], 'elsewhere');
  await check(page, 'no code at all');
  await page.waitForSelector('.faults a[href="#scan"]');
  await look(page, 'pharmacy-fault', WIDE);
  await verdict(page, scans[2], 'real');
  await page.click('details:has(input[value=suspect]) summary');
  await press(page, 'mark');
  await verdict(page, scans[2], 'suspect');
  await verdict(page, scans[3], 'real');
  await act(pharmacy, { act: 'dispense', scans: [scans[3]] });
  await page.click('form:has(input[value=dispense]) button');
  await page.waitForSelector('.faults');
  assert.ok(await page.isVisible('[data-verdict=used]'));
  await page.context().close();
});

test('the way of a pack is shown from its maker to here, and the browser checks its seals', async () => {
  const page = await open();
  await check(page, scans[0]);
  await page.click('form[action="/portal/packs/trace"] button');
  await page.waitForSelector('svg.chain');
  assert.deepEqual(await page.locator('main section h2').allInnerTexts(), [maker.id, pharmacy.id]);
  // The newest event may still wait for its receipt.
  await page.waitForFunction(() => {
    const seals = [...document.querySelectorAll('salus-seal')];
    seals.forEach((it) => it.scrollIntoView());
    return seals.length >= 3 && seals.every((it) => it.getAttribute('state') === 'valid');
  });
  await look(page, 'pharmacy-trace-sealed', WIDE);
  await page.context().close();
});

test('packs go into a case, and the case changes hands as one thing', async () => {
  const made = await act(maker, { act: 'commission',
    make: { gtin: GTIN, lot: `${LOT}C`, expiry: '491231', count: 3 } });
  const label = sscc(Date.now() % 1e8);
  const sender = await open(maker);
  for (const scan of made.scans) {
    await verdict(sender, scan, 'real');
    await sender.click('details:has(input[name=case]) summary');
    await sender.click('details:has(input[name=case]) button');
    await sender.waitForSelector('.faults a[href="#case"]');
    await sender.fill('input[name=case]', label);
    await press(sender, 'pack');
  }
  await verdict(sender, made.scans[0], 'real');
  await look(sender, 'pharmacy-in-a-case', WIDE);
  await sender.click('dd form button');
  await sender.waitForSelector('main p.lead code');
  assert.equal(await sender.locator('main ul.lines li').count(), 3);
  await sender.click('details:has(select[name=to]) summary');
  await sender.selectOption('select[name=to]', pharmacy.id);
  await press(sender, 'ship');
  await sender.context().close();
  await until(() => verify(pharmacy, label), ({ place }) => place === 'awaited');
  for (const way of [WIDE, SMALL]) {
    const page = await open(pharmacy, way);
    await check(page, label);
    await look(page, 'pharmacy-case', way);
    await page.context().close();
  }
  const page = await open();
  await check(page, label);
  await press(page, 'receive');
  await check(page, label);
  await press(page, 'unpack');
  await look(page, 'pharmacy-unpacked', WIDE);
  await verdict(page, made.scans[2], 'real');
  await press(page, 'dispense');
  await page.context().close();
});

test('the camera reads the square code of a pack, and the page says what the ledger does', async () => {
  const scan = scans[4];
  const folder = mkdtempSync(join(tmpdir(), 'salus-camera-'));
  const film = join(folder, 'pack.y4m');
  writeFileSync(film, filmed(scan));
  const chromium = await launch(['--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${film}`]);
  try {
    const page = await signedIn(pharmacy, pharmacist(pharmacy), WIDE, {}, chromium);
    await page.goto('/portal/packs');
    await page.click('salus-camera button');
    await page.waitForURL('**/portal/packs/check');
    assert.equal(await page.locator('[data-verdict]').getAttribute('data-verdict'), 'real');
    assert.match(await page.locator('main').innerText(), new RegExp(scan.slice(22, 36)));
    await look(page, 'pharmacy-camera', WIDE);
  } finally {
    await chromium.close();
    rmSync(folder, { recursive: true });
  }
  // Without one there is a reason, and the field is as before.
  const page = await open();
  await page.goto('/portal/packs');
  await page.click('salus-camera button');
  await page.waitForSelector('salus-camera[state=denied]');
  await look(page, 'pharmacy-camera-denied', WIDE);
  await page.context().close();
});

/** The way to an organisation's node, which can be cut. */
async function wire(organisation) {
  const { port } = new URL(organisation.base);
  const ends = new Set();
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) return near.destroy();
    const far = connect(Number(port), '127.0.0.1');
    for (const end of [near, far]) {
      ends.add(end);
      end.on('error', () => end.destroy());
      end.on('close', () => ends.delete(end));
    }
    near.pipe(far).pipe(near);
    return undefined;
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    base: `http://127.0.0.1:${server.address().port}`,
    cut() {
      isCut = true;
      for (const end of ends) end.destroy();
    },
    mend() { isCut = false; },
    close() {
      this.cut();
      server.close();
    },
  };
}

test('without a connection scans stay in the browser, and are compared when it is back', async () => {
  const line = await wire(pharmacy);
  try {
    const there = { ...pharmacy, base: line.base };
    const page = await signedIn(there, pharmacist(pharmacy), WIDE);
    await page.goto('/portal/packs');
    await page.click('main a[href="/portal/packs/offline"]');
    await page.waitForSelector('salus-offline[state=ready][kept]');
    await page.evaluate(async () => { await navigator.serviceWorker.ready; });
    await page.click('salus-offline button[type=submit]');
    await page.waitForSelector('salus-offline[said=empty]');
    await look(page, 'pharmacy-offline', WIDE);

    line.cut();
    const keep = async (scan, act) => {
      await page.selectOption('select[name=act]', act);
      await page.fill('input[name=scan]', scan);
      await page.keyboard.press('Enter');
      await page.waitForSelector(`salus-offline [data-part=waiting] li:has-text("${scan.slice(0, 40)}")`);
    };
    await keep(scans[5], 'dispense');
    await keep('a torn label', 'dispense');
    // The page was closed meanwhile, and opens although nothing answers.
    await page.goto('about:blank');
    await page.goto('/portal/packs/offline');
    await page.waitForSelector('salus-offline[said=away]');
    assert.equal(await page.locator('[data-part=waiting] li').count(), 2);
    page.told.length = 0;
    await look(page, 'pharmacy-offline-kept', WIDE);
    page.told.length = 0;
    assert.equal((await verify(pharmacy, scans[5])).verdict, 'real');

    line.mend();
    await page.evaluate(() => { dispatchEvent(new Event('online')); });
    await page.waitForFunction(() => document.querySelectorAll('[data-part=waiting] li').length === 0);
    page.told.length = 0;
    await until(() => verify(pharmacy, scans[5]), ({ verdict: found }) => found === 'used');
    const compared = await until(
      () => ask(pharmacy, 'GET', '/packs/offline', pharmacist(pharmacy).token),
      ({ waiting }) => waiting.count === 0);
    assert.deepEqual(compared.settled.map(({ state }) => state).sort(), ['conflict', 'fine']);
    await page.goto('/portal/packs/reconciled');
    assert.equal(await page.locator('[data-state=fine]').count(), 1);
    assert.equal(await page.locator('[data-state=conflict]').count(), 1);
    await look(page, 'pharmacy-reconciled', WIDE);
    await page.click('section:has([data-state=conflict]) summary');
    await page.click('section:has([data-state=conflict]) details button');
    await page.waitForSelector('.faults');
    await page.fill('section:has([data-state=conflict]) input[name=note]', 'kept apart');
    await page.click('section:has([data-state=conflict]) details button');
    await page.waitForURL('**/portal/packs/reconciled?done=handled');
    assert.equal(await page.locator('[data-state=handled]').count(), 1);
    await page.context().close();
    const small = await open(pharmacy, SMALL);
    for (const [path, name] of [['offline', 'pharmacy-offline'], ['reconciled', 'pharmacy-reconciled']]) {
      await small.goto(`/portal/packs/${path}`);
      await look(small, name, SMALL);
    }
    await small.context().close();
    const doctor = await signedIn(pharmacy, user(pharmacy, 'auditor'), WIDE);
    assert.equal((await doctor.goto('/portal/packs/offline')).status(), 403);
    await doctor.context().close();
  } finally {
    line.close();
  }
});

test('what is kept apart has its clock, and a recall tells how far it came', async () => {
  const made = await act(maker, { act: 'commission',
    make: { gtin: GTIN, lot: `${LOT}R`, expiry: '491231', count: 2 } });
  await act(maker, { act: 'ship', to: pharmacy.id, scans: made.scans.slice(0, 1) });
  await until(() => verify(pharmacy, made.scans[0]), ({ place }) => place === 'awaited');
  await act(pharmacy, { act: 'receive', scans: made.scans.slice(0, 1) });
  await act(pharmacy, { act: 'mark', finding: 'suspect', scans: made.scans.slice(0, 1) });
  await act(maker, { act: 'mark', finding: 'illegitimate', scans: made.scans.slice(0, 1) });
  await until(() => verify(pharmacy, made.scans[0]), ({ verdict }) => verdict === 'illegitimate');
  for (const way of [WIDE, SMALL]) {
    const page = await open(pharmacy, way);
    await page.goto('/portal/packs/apart');
    await look(page, 'pharmacy-apart', way);
    await page.context().close();
  }
  const works = await open(maker);
  await works.goto('/portal/packs/apart');
  await works.click('form:has(input[value=initial-notification]) button');
  await works.waitForURL('**/portal/packs/apart?done=1');
  await look(works, 'pharmacy-apart-filed', WIDE);
  await act(maker, { act: 'recall', scans: made.scans.slice(1) });
  await check(works, made.scans[1]);
  await works.click('form[action="/portal/packs/recall"] button');
  await works.click('form:has(input[name=tell]) button');
  await works.waitForSelector('main .done');
  assert.match(await works.locator('main').innerText(), new RegExp(pharmacy.id));
  await look(works, 'pharmacy-reach', WIDE);
  await works.context().close();
  const office = await signedIn(pharmacy, user(pharmacy, 'auditor'), SMALL);
  await office.goto('/portal/packs/openings');
  await look(office, 'pharmacy-openings', SMALL);
  await office.context().close();
});

for (const way of WAYS) {
  test(`a pharmacist's pages, ${way.language}, ${way.width}, ${way.scheme}`, async () => {
    const page = await open(pharmacy, way);
    await page.goto('/portal/packs');
    await look(page, 'pharmacy-packs', way);
    await weigh(page, '/portal/packs', 'pharmacy-packs');
    for (const [name, scan] of [['pharmacy-real', scans[4]], ['pharmacy-suspect', scans[2]],
      ['pharmacy-elsewhere', scans[7]],
      ['pharmacy-unknown', `(01)${GTIN}(21)INVENTED(17)491231(10)${LOT}`]]) {
      await check(page, scan);
      await page.waitForSelector('[data-verdict]');
      await look(page, name, way);
    }
    await check(page, scans[4]);
    await page.click('form[action="/portal/packs/trace"] button');
    await page.waitForSelector('svg.chain');
    await look(page, 'pharmacy-trace', way, 0.05);
    await page.context().close();
    const other = await open(maker, way);
    await other.goto('/portal/packs/make');
    await look(other, 'pharmacy-make', way);
    await other.context().close();
  });
}

test('a maker recalls the lot, and nobody can dispense a pack of it', async () => {
  const sender = await open(maker);
  await check(sender, scans[7]);
  await sender.click('details:has(input[value=recall]) summary');
  await press(sender, 'recall');
  await sender.context().close();
  await until(() => verify(pharmacy, scans[4]), (found) => found.verdict === 'recalled');
  const page = await open();
  await verdict(page, scans[4], 'recalled');
  assert.equal(await page.locator('input[value=dispense]').count(), 0);
  await look(page, 'pharmacy-recalled', WIDE);
  await page.context().close();
});

test('a clinician looks and cannot act; an administrator has none of these pages', async () => {
  const doctor = await signedIn(pharmacy, user(pharmacy, 'clinician') ?? user(pharmacy, 'auditor'), WIDE);
  await check(doctor, scans[5]);
  await doctor.waitForSelector('[data-verdict]');
  assert.equal(await doctor.locator('form[action="/portal/packs/act"]').count(), 0);
  assert.equal((await doctor.goto('/portal/packs/make')).status(), 403);
  await doctor.context().close();
  const page = await signedIn(pharmacy, user(pharmacy, 'admin'), WIDE);
  assert.equal((await page.goto('/portal/packs')).status(), 403);
  await page.context().close();
});
