// A trial as its people see it: sealed, accepted, amended, enrolled, its values written down, unblinded,
// locked, opened and reported on pages, and at the end the page that says which endpoints were swapped.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, clinic, demo, enterAt, hospital, typeInto, user } from './office.mjs';
import { close, look, signedIn, weigh } from './walk.mjs';

const WIDE = { language: 'en', width: 1280, scheme: 'light' };
const SMALL = { language: 'de', width: 360, scheme: 'dark' };
const TITLE = `Two doses against pain, ${Date.now().toString(36)}`;
const STRATUM = '65 and over';

after(close);

const named = (id) => demo.organisations.find((one) => one.id === id);
const laboratory = named('city-lab');
const regulator = named('harbour-pharmacy');
const token = (organisation, role) => user(organisation, role).token;
const trials = (organisation, role, path, body) =>
  ask(organisation, body === undefined ? 'GET' : 'POST', `/trials${path}`, token(organisation, role), body);
const open = (organisation, role, way = WIDE) => signedIn(organisation, user(organisation, role), way);

/** One form with one number. */
const METADATA = `<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" FileType="Snapshot" FileOID="F.1"
  CreationDateTime="2026-11-26T08:00:00Z" ODMVersion="1.3.2"><Study OID="S.1"><GlobalVariables>
  <StudyName>Pain</StudyName><StudyDescription>two doses</StudyDescription>
  <ProtocolName>P-1</ProtocolName></GlobalVariables><MetaDataVersion OID="M.1" Name="one">
  <Protocol><StudyEventRef StudyEventOID="V1" Mandatory="Yes"/></Protocol>
  <StudyEventDef OID="V1" Name="V1" Repeating="No" Type="Scheduled">
  <FormRef FormOID="F.PAIN" Mandatory="Yes"/></StudyEventDef>
  <FormDef OID="F.PAIN" Name="Pain" Repeating="No">
  <ItemGroupRef ItemGroupOID="IG.PAIN" Mandatory="Yes"/></FormDef>
  <ItemGroupDef OID="IG.PAIN" Name="PAIN" Repeating="No">
  <ItemRef ItemOID="IT.PAIN" Mandatory="Yes"/></ItemGroupDef>
  <ItemDef OID="IT.PAIN" Name="PAIN" DataType="integer" Length="2"/>
  </MetaDataVersion></Study></ODM>`;
const endpoint = (id, rank, timing) => ({ id, name: `change in ${id.toLowerCase()}`, rank, timing,
  measure: 'scale of 0 to 10, mean of three days', analysis: 'ANCOVA' });
const protocol = (timing) => ({ title: TITLE, block: 4, strata: ['under 65', STRATUM], slots: 8,
  arms: [{ name: 'Arm high', ratio: 1 }, { name: 'Arm low', ratio: 1 }],
  endpoints: [endpoint('PAIN', 'primary', timing), endpoint('SLEEP', 'secondary', 'week 4'),
    endpoint('MOOD', 'secondary', 'week 4')],
  analysis_plan: 'Intention to treat.', metadata: METADATA });

let id;

/** Waits until something is so, with a bound. */
async function until(what, is) {
  for (let at = 0; at < 200; at += 1) {
    const found = await what();
    if (is(found)) return found;
    await new Promise((go) => setTimeout(go, 200));
  }
  return assert.fail('it did not become so in 40 s');
}

/** The version of the protocol has come to a party. */
const arrived = (organisation, role, version) =>
  until(() => trials(organisation, role, ''), (found) => found.trials.some((one) => one.id === id))
    .then(() => until(() => trials(organisation, role, `/${id}`),
      ({ versions }) => versions.at(-1).version === version && versions.at(-1).protocol));

const listed = ({ sites }) => sites.every((site) => site.is_listed);

/** Loads a page until something is on it. */
const shows = (page, path, selector) => until(async () => {
  await page.goto(path);
  return page.locator(selector).count();
}, (count) => count > 0);

/** Presses the button of an act, and waits for the page that says that it is done. */
async function does(page, name) {
  await page.click(`main form:has(input[name=act][value=${name}]) button`);
  await page.waitForURL(`**?done=${name}`);
  await page.waitForSelector('main .done[role=status]');
}

before(async () => {
  const parties = [[clinic, 'site'], [laboratory, 'site'], [regulator, 'regulator']];
  const sealed = await trials(hospital, 'researcher', '', {
    protocol: protocol('week 12'), quorum: 3,
    parties: parties.map(([{ id: organisation }, role]) => ({ organisation, role })),
  });
  id = sealed.id;
  await arrived(clinic, 'clinician', 1);
  await arrived(laboratory, 'clinician', 1);
  await trials(laboratory, 'clinician', `/${id}/acceptance`, { version: 1 });
});

test('a sponsor seals a protocol on a page, and what is wrong is said at the field', async () => {
  const page = await open(hospital, 'researcher');
  await page.goto('/portal/trials');
  await enterAt(page, 'main a[href="/portal/trials/seal"]', '**/portal/trials/seal');
  await page.fill('textarea[name=endpoints]', 'PAIN | change in pain | main | scale | week 12');
  await page.click('main form button[type=submit]');
  for (const field of ['title', 'arms', 'endpoints']) {
    await page.waitForSelector(`.faults a[href="#${field}"]`);
  }
  await look(page, 'trials-seal-faults', WIDE);
  await page.fill('input[name=title]', `${TITLE}, by page`);
  await page.fill('textarea[name=arms]', 'high | 2\nlow');
  await page.fill('textarea[name=strata]', 'under 65\n65 and over');
  await page.fill('textarea[name=endpoints]', 'PAIN | change in pain | primary | scale | week 12 | ANCOVA');
  await page.selectOption(`select[name="part-${clinic.id}"]`, 'site');
  await page.selectOption(`select[name="part-${regulator.id}"]`, 'regulator');
  await page.click('main form button[type=submit]');
  // Blocks of four do not hold two to one: the door says so, and nothing that was written is lost.
  await page.waitForSelector('.faults:not(:has(a))');
  assert.equal(await page.inputValue('input[name=title]'), `${TITLE}, by page`);
  await page.fill('input[name=block]', '6');
  await page.fill('input[name=slots]', '96');
  await page.click('main form button[type=submit]');
  await page.waitForURL('**?done=seal');
  assert.match(await page.locator('main').innerText(), /Before the first participant\./);
  await page.context().close();
  const small = await open(hospital, 'researcher', SMALL);
  await small.goto('/portal/trials/seal');
  await look(small, 'trials-seal', SMALL);
  await small.context().close();
});

test('a site finds the trial among its pages and accepts it by keyboard alone', async () => {
  const page = await open(clinic, 'clinician');
  await enterAt(page, 'header nav a[href="/portal/trials"]', '**/portal/trials');
  await look(page, 'trials-list', WIDE);
  await enterAt(page, `main a[href="/portal/trials/${id}"]`, `**/portal/trials/${id}`);
  assert.equal(await page.locator('h1').innerText(), TITLE);
  assert.match(await page.locator('main').innerText(), /Before the first participant\./);
  await look(page, 'trials-to-accept', WIDE);
  await weigh(page, `/portal/trials/${id}`, 'trials-one');
  await enterAt(page, 'form:has(input[value=accept]) button', '**?done=accept');
  await until(() => trials(clinic, 'clinician', `/${id}`), listed);
  await page.goto(`/portal/trials/${id}`);
  assert.match(await page.locator('main').innerText(), /no node knows it as a whole/);
  assert.equal(await page.locator('input[name=act][value=accept]').count(), 0);
  await look(page, 'trials-listed', WIDE);
  await page.context().close();
});

test('somebody is enrolled by keyboard on a telephone, and what is wrong is said at the field', async () => {
  const page = await open(clinic, 'clinician', SMALL);
  const path = `/portal/trials/${id}/participants`;
  await page.goto(path);
  await enterAt(page, 'form[action$=participants] button', `**${path}`);
  for (const field of ['subject', 'stratum', 'consent']) {
    await page.waitForSelector(`.faults a[href="#${field}"]`);
  }
  await look(page, 'trials-enrol-faults', SMALL);
  for (const subject of ['S-001', 'S-002']) {
    await page.goto(path);
    await typeInto(page, 'input[name=subject]', subject);
    await page.selectOption('select[name=stratum]', STRATUM);
    await typeInto(page, 'textarea[name=consent]', 'auf Papier unterschrieben');
    await enterAt(page, 'form[action$=participants] button', `**${path}?done=enrol`);
  }
  // One that is there already: the door's own words, and nothing is lost of what was written.
  await page.goto(path);
  await page.fill('input[name=subject]', 'S-001');
  await page.selectOption('select[name=stratum]', STRATUM);
  await page.fill('textarea[name=consent]', 'noch einmal');
  await page.click('form[action$=participants] button');
  await page.waitForSelector('.faults');
  assert.match(await page.locator('main').innerText(), /enrolled already/);
  assert.equal(await page.inputValue('textarea[name=consent]'), 'noch einmal');
  assert.equal(await page.locator('tr[data-subject]').count(), 2);
  await look(page, 'trials-participants', SMALL);
  await page.context().close();
});

test('the arm is on the page of the pharmacist and on no other', async () => {
  const arms = /Arm (high|low)/;
  await until(() => trials(clinic, 'pharmacist', `/${id}/participants`),
    ({ participants }) => participants.every((one) => one.arm));
  const path = `/portal/trials/${id}/participants`;
  for (const role of ['pharmacist', 'clinician', 'auditor']) {
    const page = await open(clinic, role);
    await page.goto(path);
    const shown = arms.test(await page.locator('main').innerText());
    assert.equal(shown, role === 'pharmacist', role);
    await look(page, `trials-participants-${role}`, WIDE);
    await page.goto(`${path.slice(0, -1)}?subject=S-001`);
    assert.equal(arms.test(await page.locator('main').innerText()), role === 'pharmacist', role);
    assert.equal(await page.locator('main form').count() > 0, role === 'clinician', role);
    await page.context().close();
  }
  const sponsor = await open(hospital, 'researcher');
  assert.equal((await sponsor.goto(path)).status(), 403);
  await sponsor.context().close();
});

test('after an amendment a site accepts again and a participant consents again', async () => {
  const sponsor = await open(hospital, 'researcher');
  await sponsor.goto(`/portal/trials/${id}`);
  await enterAt(sponsor, `main a[href="/portal/trials/${id}/amendment"]`, '**/amendment');
  const lines = await sponsor.inputValue('textarea[name=endpoints]');
  await sponsor.fill('textarea[name=endpoints]', lines.replace('week 12', 'week 16'));
  await sponsor.click('main form button[type=submit]');
  await sponsor.waitForSelector('.faults a[href="#reason"]');
  await look(sponsor, 'trials-amendment', WIDE);
  await sponsor.fill('textarea[name=reason]', 'week 12 is too early for this dose');
  await sponsor.check('input[name=reconsent]');
  await sponsor.click('main form button[type=submit]');
  await sponsor.waitForURL('**?done=amend');
  await sponsor.context().close();
  await arrived(clinic, 'clinician', 2);
  const page = await open(clinic, 'clinician');
  await page.goto(`/portal/trials/${id}`);
  assert.match(await page.locator('main').innerText(), /After 2 participants were enrolled\./);
  await look(page, 'trials-amended', WIDE);
  await does(page, 'accept');
  await page.goto(`/portal/trials/${id}/participants`);
  await page.click('tr[data-subject=S-001] a');
  await page.click('form:has(input[value=consent]) button');
  await page.waitForSelector('.faults a[href="#consent"]');
  await page.fill('textarea[name=consent]', 'signed again, sheet 2');
  await page.click('form:has(input[value=consent]) button');
  await page.waitForURL('**&done=consent');
  assert.equal(await page.locator('input[value=consent]').count(), 0);
  await page.context().close();
});

test('an arm is opened in an emergency only after the page has said what that means', async () => {
  const page = await open(clinic, 'clinician', SMALL);
  await page.goto(`/portal/trials/${id}/participant?subject=S-001`);
  await page.click('details:has(input[value=ask]) summary');
  await page.click('form:has(input[value=ask]) button');
  await page.waitForSelector('.faults a[href="#reason"]');
  await look(page, 'trials-participant', SMALL);
  await page.fill('textarea[name=reason]', 'schwere allergische Reaktion');
  await page.click('form:has(input[value=ask]) button');
  await page.waitForSelector('main .alarm');
  await look(page, 'trials-unblind', SMALL);
  const { participants } = await trials(clinic, 'clinician', `/${id}/participants`);
  assert.ok(participants.every((one) => one.unblinded === null), 'nothing is done by the first step');
  await page.click('form:has(input[value=open]) button');
  await page.waitForURL('**&done=unblind');
  assert.match(await page.locator('main').innerText(), /Arm (high|low)/);
  await look(page, 'trials-unblinded', SMALL);
  await page.goto(`/portal/trials/${id}/participant?subject=S-002`);
  await page.click('details:has(input[value=withdraw]) summary');
  await page.check('input[value=collected]');
  await page.click('form:has(input[value=withdraw]) button');
  await page.waitForURL('**&done=withdraw');
  assert.equal(await page.locator('input[value=withdraw]').count(), 0);
  await page.context().close();
});

test('the sponsor proposes the lock, site and regulator say yes, and the secrets are shown', async () => {
  const writer = await open(clinic, 'clinician', SMALL);
  await writer.goto(`/portal/trials/${id}/participant?subject=S-001`);
  await enterAt(writer, `main a[href^="/portal/trials/${id}/values"]`, '**/values?subject=S-001');
  await writer.fill('textarea[name=items]', 'IT.PAIN 4');
  await writer.click('main form button[type=submit]');
  for (const field of ['event', 'group', 'items']) {
    await writer.waitForSelector(`.faults a[href="#${field}"]`);
  }
  await look(writer, 'trials-values', SMALL);
  await writer.fill('input[name=event]', 'V1');
  await writer.fill('input[name=group]', 'IG.PAIN');
  await writer.fill('textarea[name=items]', 'IT.PAIN = 4');
  await writer.click('main form button[type=submit]');
  await writer.waitForURL('**&done=values');
  await writer.context().close();
  await until(() => fetch(`${clinic.base}/trials/${id}/dataset`,
    { headers: { authorization: `Bearer ${token(clinic, 'clinician')}` } }), ({ status }) => status === 200);
  const path = `/portal/trials/${id}`;
  const sponsor = await open(hospital, 'researcher');
  await sponsor.goto(path);
  await sponsor.click('details:has(input[value=lock]) summary');
  await sponsor.fill('input[name=program]', 'primary.R');
  await sponsor.click('form:has(input[value=lock]) button');
  await sponsor.waitForSelector('.faults a[href="#source"]');
  await look(sponsor, 'trials-lock-faults', WIDE);
  await sponsor.fill('textarea[name=source]', 'fit <- lm(pain ~ arm)');
  await does(sponsor, 'lock');
  const site = await open(clinic, 'clinician');
  await shows(site, path, 'input[value=confirm]');
  await look(site, 'trials-confirm', WIDE);
  await does(site, 'confirm');
  const agency = await open(regulator, 'auditor', SMALL);
  await shows(agency, path, 'input[value=confirm]');
  await until(() => trials(regulator, 'auditor', `/${id}`), ({ decisions }) => decisions[0].voices.length === 2);
  await does(agency, 'confirm');
  await look(agency, 'trials-locked', SMALL);
  await until(() => trials(hospital, 'researcher', `/${id}`), ({ lock }) => lock);
  await sponsor.goto(path);
  await does(sponsor, 'reveal');
  await look(sponsor, 'trials-revealed', WIDE);
  await shows(site, path, 'input[value=reveal]');
  await does(site, 'reveal');
  for (const page of [sponsor, site, agency]) await page.context().close();
});

test('whoever oversees the trial has a page that compares the sites, and a site has none', async () => {
  const path = `/portal/trials/${id}/monitoring`;
  for (const [organisation, role, way, words] of [
    [hospital, 'researcher', WIDE, /fewer than 5 sites say nothing about each other/],
    [regulator, 'auditor', SMALL, /Zentren im Vergleich[\s\S]*Zuteilungslisten/],
  ]) {
    await until(() => trials(organisation, role, `/${id}`), ({ sites }) => sites.some((one) => one.site_secret));
    const page = await open(organisation, role, way);
    await page.goto(`/portal/trials/${id}`);
    await enterAt(page, `main a[href="${path}"]`, `**${path}`);
    assert.match(await page.locator('main').innerText(), words);
    await look(page, 'trials-monitoring', way);
    await weigh(page, path, 'trials-monitoring');
    await page.context().close();
  }
  const site = await open(clinic, 'clinician');
  await site.goto(`/portal/trials/${id}`);
  assert.equal(await site.locator(`main a[href="${path}"]`).count(), 0);
  assert.equal((await site.goto(path)).status(), 403);
  await site.context().close();
});

test('the comparison names what was switched, kept and left out, in both languages', async () => {
  const sponsor = await open(hospital, 'researcher');
  await sponsor.goto(`/portal/trials/${id}`);
  await enterAt(sponsor, `main a[href="/portal/trials/${id}/report"]`, '**/report');
  // As they are registered, and no result yet: the page names the line.
  await sponsor.fill('textarea[name=endpoints]', 'SLEEP | change in sleep | primary');
  await sponsor.click('main form button[type=submit]');
  await sponsor.waitForSelector('.faults a[href="#endpoints"]');
  await look(sponsor, 'trials-report', WIDE);
  const line = (one) => [one.id, one.name, one.rank, one.measure, one.timing, one.analysis,
    '-1.2 (95 % CI -2.0 to -0.4)'].join(' | ');
  await sponsor.fill('textarea[name=endpoints]', [endpoint('SLEEP', 'primary', 'week 4'),
    endpoint('PAIN', 'secondary', 'week 16')].map(line).join('\n'));
  await sponsor.click('main form button[type=submit]');
  await sponsor.waitForURL(`**/portal/trials/${id}/reports/*`);
  const number = Number(new URL(sponsor.url()).pathname.split('/').at(-1));
  await sponsor.context().close();
  const path = `/portal/trials/${id}/reports/${number}`;
  for (const [organisation, role, way, words] of [
    [hospital, 'researcher', WIDE, /switched in rank[\s\S]*By the report alone/],
    [regulator, 'auditor', SMALL, /Rang getauscht[\s\S]*Erst im Bericht/],
    [clinic, 'pharmacist', { ...WIDE, scheme: 'dark' }, /after there were data/],
  ]) {
    await until(() => trials(organisation, role, `/${id}`), ({ reports }) => reports.length === number);
    const page = await open(organisation, role, way);
    await page.goto(`/portal/trials/${id}`);
    await page.click(`a[href="${path}"]`);
    await page.waitForURL(`**${path}`);
    for (const endpointId of ['PAIN', 'SLEEP', 'MOOD']) {
      const verdict = await page.locator(`[data-endpoint=${endpointId}]`).getAttribute('data-verdict');
      assert.equal(verdict, 'open', endpointId);
    }
    assert.match(await page.locator('main').innerText(), words);
    await look(page, 'trials-comparison', way);
    await weigh(page, path, 'trials-comparison');
    await page.context().close();
  }
});

test('whoever has no part in trials has none of these pages', async () => {
  const page = await open(clinic, 'admin');
  for (const path of ['', '/seal', `/${id}`, `/${id}/participants`, `/${id}/monitoring`,
    `/${id}/amendment`, `/${id}/report`, `/${id}/values?subject=S-001`, `/${id}/reports/1`]) {
    assert.equal((await page.goto(`/portal/trials${path}`)).status(), 403, path);
  }
  await page.context().close();
});
