// What the tests of the privacy officer's and the administrator's pages share: a story at two
// organisations, and hands on a keyboard.
import assert from 'node:assert/strict';
import { clinic, demo, hospital, patientOf, user } from './walk.mjs';

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

/** A patient of the hospital is known at the clinic too. Answers both ids and the token. */
export async function known() {
  const patient = patientOf(hospital);
  const doctor = user(clinic, 'clinician').token;
  const shown = { home: patient.id, token: patient.token, doctor };
  const there = await ask(clinic, 'POST', '/fhir/Patient', doctor,
    { resourceType: 'Patient', name: [{ text: 'A visitor' }] });
  const { code } = await ask(hospital, 'POST', '/sharing/codes', patient.token, { patient: patient.id });
  const link = { patient: there.id, organisation: hospital.id, code };
  try {
    await ask(clinic, 'POST', '/sharing/links', doctor, link);
    return { ...shown, there: there.id };
  } catch (error) {
    assert.match(error.message, /409/);
  }
  // Another test, or an earlier run at this demo, linked the same person.
  const { entry } = await ask(clinic, 'GET', '/fhir/Patient?_count=200', doctor);
  for (const { resource } of entry) {
    const { organisations } = await ask(clinic, 'GET', `/sharing/links?patient=${resource.id}`, doctor);
    if (organisations.includes(hospital.id)) return { ...shown, there: resource.id };
  }
  return assert.fail('nobody at the clinic is linked to the hospital');
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
