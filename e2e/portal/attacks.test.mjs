// Tries to break the pages: a corpus of hostile strings in every place that a record has for words,
// forms from elsewhere, frames, planted cookies, addresses to be sent to. Nothing may run, nothing
// may be asked of anybody else, nothing may change.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { HOSTILE } from './hostile.mjs';
import { browser, close, hospital, patientOf, signedIn, user } from './walk.mjs';

after(close);

const WAY = { language: 'en', width: 1280, scheme: 'light' };
const doctor = user(hospital, 'clinician');
/** Strings of one test: a part of the corpus, so that a failure names few. */
const PARTS = 4;
/** Records that hold one string. */
const PLACES = 12;

async function door(token, method, path, body) {
  const response = await fetch(hospital.base + path, {
    method, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: text ? JSON.parse(text) : undefined };
}

const narrative = (inner) => ({ status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">${inner}</div>` });

/** Records that hold a string wherever people's words stand. */
function records(subject, words) {
  const reference = { reference: `Patient/${subject}` };
  const code = { coding: [{ system: 'http://loinc.org', code: 'x', display: words }], text: words };
  const raw = { coding: [{ system: words, code: words, display: words }] };
  const plain = { text: words };
  return [
    { resourceType: 'Observation', status: 'final', subject: reference, code, valueString: words,
      effectiveDateTime: '2026-11-20T09:00:00Z', note: [{ text: words }], text: narrative(words) },
    { resourceType: 'Observation', status: 'final', subject: reference, code: raw, valueCodeableConcept: raw,
      effectiveDateTime: '2026-11-20T09:00:00Z', identifier: [{ system: words, value: words }] },
    { resourceType: 'Observation', status: 'final', subject: reference, code, valueString: words,
      effectiveDateTime: '2026-11-20T09:00:00Z', identifier: [{ value: words }] },
    { resourceType: 'Observation', status: 'final', subject: reference, code: plain, method: plain,
      effectiveDateTime: '2026-11-20T09:00:00Z', valueQuantity: { value: 1, unit: words } },
    { resourceType: 'DocumentReference', status: 'current', subject: reference, description: words,
      type: plain, date: '2026-11-20T09:00:00Z', author: [{ display: words }],
      content: [{ attachment: { title: words, contentType: 'text/plain; charset=utf-8',
        data: Buffer.from(words || ' ').toString('base64') } }] },
    { resourceType: 'DocumentReference', status: 'current', subject: reference, date: '2026-11-20T09:00:00Z',
      content: [{ attachment: { title: words, contentType: 'text/html', url: words } }] },
    { resourceType: 'DocumentReference', status: 'current', subject: reference, date: '2026-11-20T09:00:00Z',
      content: [{ attachment: { title: words, contentType: 'text/html', data: Buffer.from(words || ' ').toString('base64') } }] },
    { resourceType: 'Condition', subject: reference, code: plain, note: [{ text: words }], recordedDate: '2026-11-20' },
    { resourceType: 'AllergyIntolerance', patient: reference, code: plain, criticality: 'high',
      clinicalStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical', code: 'active' }] },
      reaction: [{ manifestation: [plain] }], recordedDate: '2026-11-20' },
    { resourceType: 'MedicationRequest', status: 'active', intent: 'order', subject: reference, authoredOn: '2026-11-20',
      medicationCodeableConcept: plain, dosageInstruction: [{ text: words }] },
    { resourceType: 'DiagnosticReport', status: 'final', subject: reference, code: plain, conclusion: words,
      effectiveDateTime: '2026-11-20T09:00:00Z' },
    { resourceType: 'Encounter', status: 'finished', subject: reference, class: { code: 'AMB', display: words },
      reasonCode: [plain], period: { start: '2026-11-20T09:00:00Z' } },
  ];
}

const seeded = { stored: 0, refused: 0, at: {}, patients: [] };

/** A patient for each part of the corpus, named by hostile strings too, with a user. */
async function seed(nth) {
  const part = HOSTILE.filter((_, index) => index % PARTS === nth);
  const mark = `Attacked${nth}x${Date.now().toString(36)}`;
  const names = part.slice(0, 40).map((words) => ({ family: words, given: [words], text: words }));
  let made = await door(doctor.token, 'POST', '/fhir/Patient', {
    resourceType: 'Patient', birthDate: '1970-01-01', identifier: [{ value: mark }],
    name: [{ use: 'official', text: `${mark} ${part[0]}` }, ...names], text: narrative(part[0]) });
  if (made.status !== 201) {
    made = await door(doctor.token, 'POST', '/fhir/Patient', {
      resourceType: 'Patient', birthDate: '1970-01-01', identifier: [{ value: mark }],
      name: [{ use: 'official', text: `${mark} ${part[0]}` }] });
  }
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const { id } = made.body;
  const ids = { Observation: [], DocumentReference: [] };
  for (const words of part) {
    const all = records(id, words);
    const bundle = { resourceType: 'Bundle', type: 'batch',
      entry: all.map((resource) => ({ resource, request: { method: 'POST', url: resource.resourceType } })) };
    const answer = await door(doctor.token, 'POST', '/fhir', bundle);
    assert.ok(answer.status === 200 || answer.status === 400, `${answer.status}`);
    const entries = answer.body.entry ?? [];
    const refused = (place) => !entries[place].response.status.startsWith('201');
    for (const [place, entry] of entries.entries()) {
      if (refused(place)) {
        seeded.refused += 1;
        seeded.at[place] = (seeded.at[place] ?? 0) + 1;
        continue;
      }
      seeded.stored += 1;
      const [, type, record] = entry.response.location.match(/(\w+)\/([^/]+)\/_history/) ?? [];
      // One of each: that with the narrative, unless it was refused.
      if (place === 0 || place === 4 || (place === 2 && refused(0))) ids[type].push(record);
    }
    // A search for it, as a person would type it; and patients who have nothing but that name.
    if (part.indexOf(words) < 30) {
      await door(doctor.token, 'POST', '/fhir/Patient', { resourceType: 'Patient', birthDate: '1969-06-0' + (nth + 1),
        name: [{ text: words, family: words }], identifier: [{ value: words }], gender: 'other' });
    }
  }
  const username = mark.toLowerCase();
  const password = `a long password ${mark}`;
  const added = await fetch(`${hospital.base}/auth/users`, { method: 'POST',
    headers: { authorization: `Bearer ${user(hospital, 'admin').token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ username, password, role: 'patient', patient: id }) });
  assert.ok(added.ok, await added.text());
  seeded.patients.push({ id, mark, part, ids, who: { username, password }, nth });
}

before(async () => {
  for (let nth = 0; nth < PARTS; nth += 1) await seed(nth);
});

/** Watches a signed-in page: what ran, asked elsewhere, or went away. */
async function watched(who) {
  const page = await signedIn(hospital, who, WAY);
  const context = page.context();
  await context.exposeBinding('__hit', (source) => { page.told.push(`ran on ${source.page.url()}`); });
  page.on('dialog', async (dialog) => { page.told.push(`a dialog: ${dialog.message()}`); await dialog.dismiss(); });
  page.on('download', () => page.told.push('a download'));
  // Seals have tests of their own; fifty on each of hundreds of pages would be all that this one does.
  await context.route('**/portal/seal/**', (route) => route.fulfill({ json: { status: 'pending', retry_ms: 600_000 } }));
  context.on('page', (other) => page.told.push(`a window: ${other.url()}`));
  return page;
}

/** Opens a page; afterwards it is still that page, and nothing was told. */
async function open(page, path) {
  const response = await page.goto(path);
  assert.equal(response.status(), 200, path);
  // What waits for a frame, a focus or a timer gets its chance.
  await page.evaluate(() => new Promise((done) => {
    for (const details of document.querySelectorAll('main details')) details.open = true;
    requestAnimationFrame(() => setTimeout(done, 30));
  }));
  assert.equal(page.url(), hospital.base + path);
  assert.deepEqual(page.told, [], path);
}

/** Everything on a page that only our own code may have made. */
async function own(page, path) {
  const foreign = await page.evaluate(() => {
    const wrong = [...document.querySelectorAll('main script, main style, main img, main object, main embed, main base, main meta, main link, main form[action^="http"], main [autofocus]:not(.faults)')];
    // What our own chart draws has places; nothing else has a style.
    wrong.push(...[...document.querySelectorAll('main [style]')].filter((one) => !one.closest('salus-chart [data-part=plot]')));
    const handlers = [...document.querySelectorAll('*')].filter((one) => [...one.attributes].some((it) => it.name.startsWith('on')));
    const links = [...document.querySelectorAll('main a[href]')].filter((one) => new URL(one.href).origin !== location.origin);
    return [...wrong, ...handlers, ...links].map((one) => one.outerHTML.slice(0, 200));
  });
  assert.deepEqual(foreign, [], path);
}

test('the corpus is large, and it does run on a page that does not defend itself', async () => {
  assert.ok(HOSTILE.length >= 200 && new Set(HOSTILE).size === HOSTILE.length);
  const context = await (await browser()).newContext();
  const ran = new Set();
  const asked = new Set();
  await context.exposeBinding('__hit', (_, nth) => { ran.add(nth); });
  await context.route('**', async (route) => {
    if (route.request().url().includes('elsewhere.invalid')) asked.add(route.request().url());
    await route.abort();
  });
  let count = 0;
  for (const words of HOSTILE.filter((_, index) => index % 5 === 0)) {
    const page = await context.newPage();
    page.on('dialog', (dialog) => dialog.dismiss());
    const nth = count += 1;
    const before = asked.size;
    const html = `<body><div>${words.replaceAll('__hit(1)', `__hit(${nth})`)}</div></body>`;
    // Some take the page away: that is what is looked for.
    await page.setContent(html, { waitUntil: 'domcontentloaded', timeout: 2_000 }).catch(() => {});
    await page.waitForTimeout(20).catch(() => {});
    if (asked.size > before) ran.add(-nth);
    await page.close();
  }
  assert.ok(ran.size >= 15, `only ${ran.size} of ${count} did anything: the traps are not set`);
  await context.close();
});

test('most of the corpus was stored, and what was refused was refused whole', (t) => {
  t.diagnostic(`${seeded.stored} records stored, ${seeded.refused} refused, by place: ${JSON.stringify(seeded.at)}`);
  assert.ok(seeded.stored > 8 * HOSTILE.length, JSON.stringify([seeded.stored, seeded.refused]));
});

for (let nth = 0; nth < PARTS; nth += 1) {
  test(`nothing of part ${nth} runs on a clinician's pages`, { timeout: 600_000 }, async () => {
    const { id, mark, part, ids } = seeded.patients[nth];
    const page = await watched(doctor);
    const all = async (path) => { await open(page, path); await own(page, path); };
    for (const tab of ['summary', 'labs', 'visits']) await all(`/portal/patients/${id}?tab=${tab}`);
    await all(`/portal/patients/${id}/trends`);
    await all(`/portal/patients/${id}/note`);
    await all(`/portal?number=${mark}`);
    await all(`/portal?born=1969-06-0${nth + 1}`);
    const pages = Math.ceil((part.length * PLACES) / 25);
    for (let number = 1; number <= pages; number += 1) {
      await all(`/portal/patients/${id}?tab=timeline&page=${number}`);
    }
    for (const words of part.slice(0, 15)) {
      const query = new URLSearchParams({ name: words.slice(0, 100) }).toString();
      const response = await page.goto(`/portal?${query}`);
      assert.ok(response.status() < 500, words);
      await own(page, words);
    }
    for (const record of ids.Observation) {
      await all(`/portal/patients/${id}/records/Observation/${record}`);
      if (await page.locator('iframe').count()) {
        await page.locator('iframe').scrollIntoViewIfNeeded();
        const frame = await (await page.locator('iframe').elementHandle()).contentFrame();
        await frame.waitForURL(/\/portal\/narrative\//);
        assert.deepEqual(page.told, []);
      }
    }
    for (const record of ids.DocumentReference) await all(`/portal/patients/${id}/records/DocumentReference/${record}`);
    assert.deepEqual(page.told, []);
    await page.context().close();
  });

  test(`nothing of part ${nth} runs on a patient's pages`, { timeout: 600_000 }, async () => {
    const { part, ids, who } = seeded.patients[nth];
    const page = await watched(who);
    const all = async (path) => { await open(page, path); await own(page, path); };
    await all('/portal');
    await all('/portal/accesses');
    const pages = Math.ceil((part.length * PLACES) / 25);
    for (let number = 1; number <= pages; number += 4) await all(`/portal/record?page=${number}`);
    for (const record of ids.Observation.slice(0, 25)) await all(`/portal/record/Observation/${record}`);
    for (const record of ids.DocumentReference.slice(0, 10)) await all(`/portal/record/DocumentReference/${record}`);
    await page.context().close();
  });
}

test('a narrative is a document in which nothing runs, wherever it is opened', async () => {
  const { ids } = seeded.patients[0];
  const page = await watched(doctor);
  const path = `/portal/narrative/Observation/${ids.Observation[0]}/1`;
  const response = await page.goto(path);
  const policy = response.headers()['content-security-policy'];
  assert.match(policy, /^sandbox; default-src 'none'; style-src 'sha256-/);
  assert.doesNotMatch(policy, /unsafe|script-src/);
  assert.deepEqual(page.told, []);
  await page.context().close();
});

/** A page of another origin on this machine. */
async function stranger(html) {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(html);
  });
  await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
  return { url: `http://127.0.0.1:${server.address().port}/`, end: () => server.close() };
}

/** How many documents a patient has. */
async function documents(id) {
  const found = await door(doctor.token, 'GET', `/fhir/DocumentReference?patient=${id}&_summary=count`);
  return found.body.total;
}

test('a form that is not from a page of the same session changes nothing', async () => {
  const { id } = seeded.patients[0];
  const page = await signedIn(hospital, doctor, WAY);
  const other = await signedIn(hospital, doctor, WAY);
  await other.goto(`/portal/patients/${id}/note`);
  const foreign = await other.locator('main input[name=token]').inputValue();
  const had = await documents(id);
  const form = { kind: '11506-3', title: 'forged', words: 'forged' };
  const path = `/portal/patients/${id}/note`;
  const request = page.context().request;
  for (const token of [undefined, '', 'x', foreign, `${foreign}0`]) {
    const sent = token === undefined ? form : { ...form, token };
    const answer = await request.post(path, { form: sent, maxRedirects: 0 });
    assert.equal(answer.status(), 403, String(token));
  }
  for (const [media, data] of [['text/plain', 'token=&kind=11506-3&words=forged'], ['application/json', JSON.stringify(form)]]) {
    const answer = await request.post(path, { headers: { 'content-type': media }, data, maxRedirects: 0 });
    assert.equal(answer.status(), 403, media);
  }
  const direct = await request.post('/portal/api/fhir/DocumentReference', { headers: { 'content-type': 'text/plain' },
    data: JSON.stringify({ resourceType: 'DocumentReference', status: 'current', content: [{ attachment: { title: 'x' } }] }) });
  assert.equal(direct.status(), 403);
  // The same from a page of another origin, with the cookies that a browser sends along.
  const html = `<iframe name=sink></iframe><form id=f method=post target=sink action="${hospital.base}${path}">
    <input name=kind value=11506-3><input name=words value=forged></form><script>
    document.getElementById('f').submit();
    Promise.allSettled(['${path}', '/portal/api/fhir/DocumentReference', '/portal/patients', '/portal/sign-out'].map((path) =>
      fetch('${hospital.base}' + path, { method: 'POST', mode: 'no-cors', credentials: 'include', body: 'kind=11506-3&words=forged' })))
      .then(() => { document.title = 'sent'; });</script>`;
  const strange = await stranger(html);
  const attacked = await page.context().newPage();
  await attacked.goto(strange.url);
  await attacked.waitForFunction(() => document.title === 'sent');
  await attacked.waitForTimeout(300);
  strange.end();
  assert.equal(await documents(id), had);
  const still = await request.get('/portal', { maxRedirects: 0 });
  assert.equal(still.status(), 200, 'the session was not ended by somebody else');
  await other.context().close();
  await page.context().close();
});

test('no page is shown in a frame of another origin', async () => {
  const { id, ids } = seeded.patients[0];
  const page = await signedIn(hospital, doctor, WAY);
  const paths = ['/portal', `/portal/patients/${id}`, `/portal/patients/${id}/glass`, '/portal/sign-in',
    `/portal/narrative/Observation/${ids.Observation[0]}/1`];
  const strange = await stranger(paths.map((path) => `<iframe src="${hospital.base}${path}"></iframe>`).join(''));
  const framing = await page.context().newPage();
  await framing.goto(strange.url);
  await framing.waitForLoadState('load');
  const frames = framing.frames().slice(1);
  assert.equal(frames.length, paths.length);
  for (const [nth, frame] of frames.entries()) {
    assert.match(frame.url(), /^chrome-error:|^about:blank/, paths[nth]);
  }
  strange.end();
  await page.context().close();
});

test('a cookie that was planted before the sign-in is no session after it', async () => {
  const name = `salus_session_${hospital.id}`;
  const context = await (await browser()).newContext({ baseURL: hospital.base });
  const planted = 'p'.repeat(43);
  await context.addCookies([{ name, value: planted, url: hospital.base }]);
  const page = await context.newPage();
  await page.goto('/portal');
  assert.match(page.url(), /sign-in/, 'a planted cookie is no session');
  const sign = async () => {
    await page.goto('/portal/sign-in');
    await page.fill('input[name=username]', doctor.username);
    await page.fill('input[name=password]', doctor.password);
    await page.click('main button[type=submit] >> nth=0');
    await page.waitForURL('**/portal');
    return (await context.cookies()).find((cookie) => cookie.name === name);
  };
  const first = await sign();
  assert.ok(first && first.value !== planted && first.httpOnly && first.sameSite === 'Lax');
  await page.click('header form button');
  await page.waitForURL('**/sign-in');
  const second = await sign();
  assert.notEqual(second.value, first.value);
  // Neither the planted one nor the one that was signed out opens anything.
  for (const value of [planted, first.value]) {
    const answer = await fetch(`${hospital.base}/portal`, { headers: { cookie: `${name}=${value}` }, redirect: 'manual' });
    assert.ok(answer.status >= 300 && answer.status < 400, String(answer.status));
    assert.match(answer.headers.get('location'), /^\/portal\/sign-in/);
  }
  await context.close();
});

test('nobody is sent to another origin', async () => {
  const backs = ['http://elsewhere.invalid', '//elsewhere.invalid', '///elsewhere.invalid', '/\\elsewhere.invalid', '\\\\elsewhere.invalid',
    '/portal//elsewhere.invalid', '/portal/..//elsewhere.invalid', '/portal/../../x', '/portal@elsewhere.invalid', '/portalx',
    'https:elsewhere.invalid', 'javascript:__hit(1)', 'data:text/html,x', '/portal\t//elsewhere.invalid', '/portal\r\nLocation: http://elsewhere.invalid',
    '/\t/elsewhere.invalid', ' //elsewhere.invalid', '/%2f/elsewhere.invalid', '/portal/%2e%2e//elsewhere.invalid', '/%09/elsewhere.invalid',
    '//%65lsewhere.invalid', '/portal?x=//elsewhere.invalid', '/portal#//elsewhere.invalid', 'portal', '.', '', '\u0000//elsewhere.invalid', '/.elsewhere.invalid'];
  const page = await signedIn(hospital, doctor, WAY);
  const request = page.context().request;
  for (const back of backs) {
    const query = new URLSearchParams({ to: 'en', back }).toString();
    for (const path of [`/portal/language?${query}`, `/portal/sign-in?${query}`]) {
      const answer = await request.get(path, { maxRedirects: 0 });
      const to = answer.headers().location;
      assert.ok(answer.status() >= 300 && answer.status() < 400, path);
      const there = new URL(to, hospital.base);
      assert.equal(there.origin, hospital.base, `${JSON.stringify(back)} led to ${to}`);
    }
    // The form of the sign-in page keeps no such address either.
    const outside = await fetch(`${hospital.base}/portal/sign-in?${query}`);
    assert.doesNotMatch(await outside.text(), /value="[^"]*elsewhere\.invalid"/, back);
  }
  await page.context().close();
});
