// What the tests of the privacy officer's and the administrator's pages share: a story at two
// organisations, and hands on a keyboard.
import assert from 'node:assert/strict';
import { clinic, connect, demo, hospital, newcomer, patientOf, user } from './walk.mjs';

const PRESSES_MAX = 120;

/** Asks the JSON door of an organisation. */
export async function ask(organisation, method, path, token, body) {
  const response = await fetch(`${organisation.base}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': path.startsWith('/fhir') ? 'application/fhir+json' : 'application/json',
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text.slice(0, 400)}`);
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A patient of the hospital, of this test alone, who is known at the clinic too. Answers both ids and
 * the token. */
export async function known() {
  const patient = await newcomer(`Office${Date.now().toString(36)}`);
  for (const [text, value, unit] of [['Heart rate', 72, '/min'], ['Body weight', 61, 'kg']]) {
    await ask(hospital, 'POST', '/fhir/Observation', user(hospital, 'clinician').token, {
      resourceType: 'Observation', status: 'final', code: { text }, valueQuantity: { value, unit },
      subject: { reference: `Patient/${patient.id}` }, effectiveDateTime: '2026-11-20T09:00:00Z',
    });
  }
  const there = await connect(patient, clinic);
  return { home: patient.id, token: patient.token, doctor: user(clinic, 'clinician').token, there };
}

/** The clinic opens the patient's record in an emergency and reads in it. */
export async function emergency({ there, doctor }, words) {
  const { glass } = await ask(clinic, 'POST', '/sharing/break-glass', doctor, {
    patient: there, organisation: hospital.id, reason: 'emergency', words, hours: 1,
  });
  await ask(clinic, 'GET',
    `/fhir/Observation?patient=${there}&_source=${hospital.id}&_purpose=BTG`, doctor);
  return glass;
}

/** Presses Tab until the element has the focus, as somebody without a mouse does. */
export async function tabTo(page, selector) {
  for (let at = 0; at < PRESSES_MAX; at += 1) {
    await page.keyboard.press('Tab');
    const here = await page.evaluate((wanted) =>
      document.activeElement?.matches(wanted) ?? false, selector);
    if (here) return;
  }
  assert.fail(`${page.url()}: nothing leads to ${selector} by Tab`);
}

/** Writes into a field that Tab leads to. */
export async function typeInto(page, selector, text) {
  await tabTo(page, selector);
  await page.keyboard.type(text);
}

/** Presses Enter where Tab leads to, and waits for the page that it leads to. */
export async function enterAt(page, selector, url) {
  await tabTo(page, selector);
  await Promise.all([page.waitForURL(url), page.keyboard.press('Enter')]);
}

export { clinic, demo, hospital, patientOf, user };
