// Walks pages of the portal in Chromium as people use them, in both languages, at two widths, light
// and dark, and looks at each: rules of WCAG by axe, what sticks out, what moves, what the policy
// refused, how large it is. DEMO names demo.json of a running demo, CHROMIUM the browser,
// SCREENSHOTS a folder for what was seen (a fresh temporary one if absent).
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const demo = JSON.parse(readFileSync(process.env.DEMO, 'utf8'));
export const hospital = demo.organisations[0];
export const clinic = demo.organisations[1];
export const screenshots = process.env.SCREENSHOTS ?? mkdtempSync(join(tmpdir(), 'salus-pages-'));
mkdirSync(screenshots, { recursive: true });

/** Every way in which a page is looked at. */
export const WAYS = ['en', 'de'].flatMap((language) => [360, 1280].flatMap((width) =>
  ['light', 'dark'].map((scheme) => ({ language, width, scheme }))));

/** The rules that a page must pass. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
/** Largest page, compressed, with its own document only. */
const PAGE_BYTES_MAX = 100_000;

let shared;

/** A browser of its own, with more arguments. */
export function launch(more = []) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync', ...more],
  });
}

/** The one browser of a test file. */
export async function browser() {
  shared ??= await launch();
  return shared;
}

export async function close() {
  await shared?.close();
  shared = undefined;
}

/** A user of an organisation by role. */
export function user(organisation, role) {
  return organisation.users.find((one) => one.role === role);
}

/** The first patient at home at an organisation. */
export function patientOf(organisation, nth = 0) {
  return demo.patients.filter((one) => one.home === organisation.id)[nth];
}

/** A page of somebody who has signed in, in one of the WAYS; `told` collects what must not be. */
export async function signedIn(organisation, who, way, options = {}, chosen = undefined) {
  const context = await (chosen ?? await browser()).newContext({
    baseURL: organisation.base, locale: way.language === 'de' ? 'de-DE' : 'en-GB',
    viewport: { width: way.width, height: way.width < 600 ? 740 : 900 },
    colorScheme: way.scheme, reducedMotion: 'reduce', ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.told = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || /Content.Security.Policy|Trusted/i.test(message.text())) {
      page.told.push(`${page.url()}: ${message.text()}`);
    }
  });
  page.on('pageerror', (error) => page.told.push(`${page.url()}: ${error}`));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(organisation.base) && !/^(data|blob|about):/.test(url)) {
      page.told.push(`a request to elsewhere: ${url}`);
    }
  });
  await page.goto('/portal');
  await page.fill('input[name=username]', who.username);
  await page.fill('input[name=password]', who.password);
  await page.click('main button[type=submit] >> nth=0');
  await page.waitForURL('**/portal');
  return page;
}

/** Looks at the page as it is now and keeps a picture of it. What a page may move is for what follows
 * upon a person's own act, after arithmetic that takes longer than a browser counts as at once. */
export async function look(page, name, way, movedMax = 0.01) {
  await page.waitForLoadState('load');
  // As an expression: the policy of the page forbids to evaluate text inside of it.
  await page.evaluate(axe);
  const found = await page.evaluate(async (rules) => {
    const { violations } = await window.axe.run(document, { runOnly: rules });
    const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    const moved = await new Promise((told) => {
      let sum = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
      }).observe({ type: 'layout-shift', buffered: true });
      setTimeout(() => told(sum), 50);
    });
    return { wide, moved, violations: violations.map(({ id, help, nodes }) =>
      `${id}: ${help}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' | ')}`) };
  }, RULES);
  const label = `${name} (${way.language}, ${way.width}, ${way.scheme})`;
  await page.screenshot({
    path: join(screenshots, `${name}-${way.language}-${way.width}-${way.scheme}.png`), fullPage: true,
  });
  assert.deepEqual(found.violations, [], label);
  assert.ok(found.wide <= 0, `${label} is ${found.wide} pixels too wide`);
  assert.ok(found.moved < movedMax, `${label} moves: ${found.moved}`);
  assert.deepEqual(page.told, [], label);
  const words = await page.locator('body').innerText();
  // A word that is missing shows its key.
  assert.doesNotMatch(words, /\b[a-z]+(-[a-z]+)+-(hint|title|lead|none)\b/, label);
}

/** How large a document is as it travels. */
export async function weigh(page, path, name) {
  const response = await page.context().request.get(path, { headers: { 'accept-encoding': 'gzip' } });
  const sizes = Number(response.headers()['content-length'] ?? (await response.body()).length);
  assert.ok(sizes < PAGE_BYTES_MAX, `${name} has ${sizes} bytes`);
}

/** Goes to an element by the Tab key alone, as somebody without a mouse does. */
export async function tabTo(page, selector) {
  for (let pressed = 0; pressed < 120; pressed += 1) {
    await page.keyboard.press('Tab');
    const there = await page.evaluate((wanted) => {
      const focused = document.activeElement;
      const shown = focused?.matches(wanted) && getComputedStyle(focused);
      return Boolean(shown && focused.checkVisibility());
    }, selector);
    if (there) return;
  }
  throw new Error(`no Tab leads to ${selector} on ${page.url()}`);
}

/** Presses the button or follows the link that Tab leads to. */
export async function press(page, selector, key = 'Enter') {
  await tabTo(page, selector);
  await page.keyboard.press(key);
}

export async function send(organisation, token, path, body) {
  const media = path.startsWith('/fhir') ? 'application/fhir+json' : 'application/json';
  const response = await fetch(organisation.base + path, {
    method: 'POST', body: JSON.stringify(body),
    headers: { authorization: `Bearer ${token}`, 'content-type': media },
  });
  assert.ok(response.ok, `${path}: ${response.status} ${await response.clone().text()}`);
  return response.json();
}

/** Lets another organisation know a patient, by a code that the patient carries; its id there. */
export async function connect(patient, elsewhere) {
  const { token } = user(elsewhere, 'clinician');
  const here = await send(elsewhere, token, '/fhir/Patient', {
    resourceType: 'Patient', name: [{ text: `A visitor, ${patient.username}` }],
  });
  const keys = await fetch(`${hospital.base}/identity/keys`, {
    headers: { authorization: `Bearer ${patient.token}` },
  });
  if (keys.status === 404) {
    await send(hospital, patient.token, '/identity/keys', { mode: 'custodial' });
  }
  const made = await send(hospital, patient.token, '/sharing/codes', { patient: patient.id });
  await send(elsewhere, token, '/sharing/links', {
    patient: here.id, organisation: hospital.id, code: made.code,
  });
  return here.id;
}

/** Somebody new: a patient at home at an organisation, with a user. */
export async function newcomer(family, home = hospital) {
  const { id } = await send(home, user(home, 'clinician').token, '/fhir/Patient', {
    resourceType: 'Patient', name: [{ family, given: ['Ada'] }], birthDate: '1980-02-03',
  });
  const who = { id, home: home.id, username: `ada.${family.toLowerCase()}`, password: `pass ${family} word` };
  await send(home, user(home, 'admin').token, '/auth/users', {
    username: who.username, password: who.password, role: 'patient', patient: id,
  });
  const form = new URLSearchParams({ grant_type: 'password', username: who.username, password: who.password });
  const response = await fetch(`${home.base}/auth/token`, { method: 'POST', body: form });
  return { ...who, token: (await response.json()).access_token };
}

/** Types a day so many days ahead into a date field. */
export async function dateAt(page, selector, days) {
  const day = new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  await typeDay(page, selector, day);
}

/** Types a day into a date field that Tab leads to. */
export async function typeDay(page, selector, day) {
  const [year, month, date] = day.split('-');
  await tabTo(page, selector);
  await page.keyboard.type(`${month}${date}${year}`);
  // The order is that of the machine's language, whatever the page's is: where it is another one,
  // the field is filled as a whole.
  if (await page.inputValue(selector) !== day) await page.fill(selector, day);
}
