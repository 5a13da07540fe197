// The patient's copy of a running demo, verified in Chromium from a file and without any network;
// and what the page says of copies that were changed. DEMO names its demo.json, CHROMIUM the browser.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize, sep } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const demo = JSON.parse(readFileSync(process.env.DEMO, 'utf8'));
const hospital = demo.organisations[0];
const patient = demo.patients[0];

let folder;
let browser;
let files;

/** The files of a ZIP without compression (APPNOTE.TXT 4.3.7, 4.3.12). */
function unpacked(zip) {
  const found = new Map();
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    assert.equal(zip.readUInt32LE(at), 0x02014b50);
    const [size, names] = [zip.readUInt32LE(at + 20), zip.readUInt16LE(at + 28)];
    const name = zip.toString('utf8', at + 46, at + 46 + names);
    const local = zip.readUInt32LE(at + 42);
    const from = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    found.set(name, zip.subarray(from, from + size));
    at += 46 + names + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return found;
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'salus-export-'));
  const authorization = `Bearer ${patient.token}`;
  // All that the patient has is anchored, but for the events of these requests.
  const until = Date.now() + 60_000;
  for (;;) {
    const answered = await fetch(`${hospital.base}/reports/export`, { headers: { authorization } });
    assert.equal(answered.status, 200);
    files = unpacked(Buffer.from(await answered.arrayBuffer()));
    const pending = files.get('pending.txt').toString().split('\n');
    if (pending.every((name) => name === '' || name.startsWith('AuditEvent/'))) break;
    assert.ok(Date.now() < until, `still without a receipt: ${pending.slice(0, 5)}`);
    await new Promise((done) => setTimeout(done, 500));
  }
  for (const [name, bytes] of files) {
    const path = normalize(join(folder, name));
    assert.ok(path.startsWith(folder + sep), name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
});

after(async () => {
  await browser?.close();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

/** Opens a copy with the network off, and answers what its page says. */
async function shown(name, html, options = {}) {
  const path = join(folder, name);
  if (html !== undefined) writeFileSync(path, html);
  const context = await browser.newContext({ offline: true, locale: 'en-GB', ...options });
  try {
    const page = await context.newPage();
    const asked = [];
    const failed = [];
    page.on('request', (request) => asked.push(request.url()));
    page.on('pageerror', (error) => failed.push(String(error)));
    await page.goto(pathToFileURL(path).href);
    await page.waitForFunction(() => document.body.dataset.done, null, { timeout: 120_000 });
    // Nothing but the file itself, neither from the network nor from beside it.
    assert.deepEqual(asked, [pathToFileURL(path).href]);
    assert.deepEqual(failed, []);
    const told = await page.evaluate(() => ({
      done: document.body.dataset.done,
      summary: document.getElementById('summary').textContent,
      title: document.title,
      rows: document.querySelectorAll('#versions tr').length,
      invalid: [...document.querySelectorAll('#versions tr[data-state=invalid]')]
        .map((line) => line.textContent),
      first: document.querySelector('#versions tr')?.dataset.state,
      wide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
    }));
    if (process.env.SCREENSHOTS) {
      mkdirSync(process.env.SCREENSHOTS, { recursive: true });
      await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`) });
    }
    if (told.rows === 0) return told;
    await page.click('#versions summary');
    await page.waitForSelector('#versions pre');
    return { ...told, opened: await page.textContent('#versions pre') };
  } finally {
    await context.close();
  }
}

const page = () => files.get('index.html').toString();

/** The data of the page, changed. */
function changed(change) {
  const [head, rest] = page().split('<script type="application/json" id="data">');
  const end = rest.indexOf('</script>');
  const data = JSON.parse(rest.slice(0, end));
  change(data);
  const text = JSON.stringify(data).replaceAll('<', '\\u003c');
  return `${head}<script type="application/json" id="data">${text}${rest.slice(end)}`;
}

const first = (data) => data.versions.find((one) => one.receipt !== null);

test('the copy holds bundle, receipts and a page', () => {
  const bundle = JSON.parse(files.get('bundle.json'));
  assert.equal(bundle.resourceType, 'Bundle');
  assert.ok(bundle.entry.some((entry) => entry.resource.id === patient.id));
  for (const name of ['records.ndjson', 'trust.txt', 'README.txt']) assert.ok(files.get(name), name);
  const receipts = [...files.keys()].filter((name) => name.startsWith('receipts/'));
  assert.ok(receipts.length > 3);
  for (const name of receipts) {
    assert.ok(files.has(name.replace('receipts/', 'records/').replace('.txt', '.json')), name);
  }
});

test('the page verifies everything offline, and says so', async () => {
  const told = await shown('index.html');
  assert.equal(told.done, 'valid', told.invalid.join('\n'));
  assert.match(told.summary, /^All is well\. Exactly as committed to the ledger: \d+ of \d+\./);
  assert.ok(told.rows > 3 && told.invalid.length === 0 && !told.wide);
  assert.match(told.opened, /"resourceType"/);
});

test('it does so in German, narrow and dark', async () => {
  const options = { locale: 'de-DE', viewport: { width: 360, height: 740 }, colorScheme: 'dark' };
  const told = await shown('german.html', page(), options);
  assert.equal(told.done, 'valid');
  assert.equal(told.title, 'Kopie der Akte');
  assert.match(told.summary, /^Alles in Ordnung\. Genau wie im Register verankert: \d+ von \d+\./);
  assert.equal(told.wide, false, 'nothing is cut off');
});

test('a changed record is named, first in the list', async () => {
  const html = changed((data) => {
    first(data).record = first(data).record.replace('"resourceType"', '"note":"x","resourceType"');
  });
  const told = await shown('record.html', html);
  assert.deepEqual([told.done, told.first, told.invalid.length], ['invalid', 'invalid', 1]);
  assert.match(told.summary, /^Do not rely on this copy\. Not fitting the receipt: 1 of \d+, first/);
});

test('a receipt of another version, a changed one and a record under another name are found', async () => {
  const swapped = changed((data) => {
    const [one, other] = data.versions.filter((it) => it.receipt !== null);
    [one.receipt, other.receipt] = [other.receipt, one.receipt];
  });
  assert.equal((await shown('swapped.html', swapped)).invalid.length, 2);
  const renamed = changed((data) => { first(data).name = 'Patient/somebody-else/1'; });
  assert.equal((await shown('renamed.html', renamed)).invalid.length, 1);
  const forged = changed((data) => {
    const one = first(data);
    const at = one.receipt.length - 20;
    const other = one.receipt[at] === 'A' ? 'B' : 'A';
    one.receipt = one.receipt.slice(0, at) + other + one.receipt.slice(at + 1);
  });
  assert.equal((await shown('forged.html', forged)).done, 'invalid');
});

test('what cannot even be read is said to be so', async () => {
  const strangers = changed((data) => { data.trust = data.trust.replace(/\+[A-Za-z0-9]/, '+'); });
  const broken = page().replace('id="data">{', 'id="data">');
  for (const [name, html] of [['trust.html', strangers], ['broken.html', broken]]) {
    assert.notEqual(html, page());
    const told = await shown(name, html);
    assert.deepEqual([told.done, told.rows], ['invalid', 0]);
    assert.match(told.summary, /cannot be checked/);
  }
});
