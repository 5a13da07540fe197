// What an administrator sees and does: every page in every way, and each flow by mouse and by
// keyboard alone.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, clinic, demo, enterAt, hospital, patientOf, tabTo, typeInto, user } from './office.mjs';
import { WAYS, close, look, signedIn, weigh } from './walk.mjs';

const WIDE = { language: 'en', width: 1280, scheme: 'light' };
const SMALL = { language: 'de', width: 360, scheme: 'dark' };
const KEYS = ['1', '2', '3'].map((digit) => digit.repeat(64));

after(close);

let app;
let proposal;
const admin = (organisation) => user(organisation, 'admin');
const open = (way = WIDE, organisation = hospital) =>
  signedIn(organisation, admin(organisation), way);

/** Waits until something is so at the door, with a bound. */
async function until(what, is) {
  for (let at = 0; at < 100; at += 1) {
    const found = await what();
    if (is(found)) return found;
    await new Promise((go) => setTimeout(go, 200));
  }
  return assert.fail('it did not become so in 20 s');
}

before(async () => {
  const token = admin(hospital).token;
  app = await ask(hospital, 'POST', '/auth/register', token, {
    client_name: 'Growth charts', redirect_uris: ['https://charts.example/back'],
    token_endpoint_auth_method: 'none', scope: 'patient/*.rs openid',
  });
  // Of the clinic, so that the hospital's vote is still to be given.
  const { parameters } = await ask(clinic, 'GET', '/ledger/organisations', admin(clinic).token);
  const changed = { ...parameters, proposal_blocks: parameters.proposal_blocks - 1 };
  await ask(clinic, 'POST', '/ledger/proposals', admin(clinic).token, { set_parameters: changed });
  const { proposals } = await until(() => ask(hospital, 'GET', '/ledger/proposals', token),
    (found) => found.proposals.length > 0);
  proposal = proposals[0].id;
});

for (const way of WAYS) {
  test(`an administrator's pages, ${way.language}, ${way.width}, ${way.scheme}`, async () => {
    const page = await open(way);
    const member = '/portal/proposals/check?kind=add&id=south-clinic&organisation_kind=clinic'
      + `&address=10.0.0.5:7000&transaction_key=${KEYS[0]}&node_key=${KEYS[1]}`
      + `&checkpoint_key=${KEYS[2]}&validator=yes`;
    for (const [name, path] of [
      ['admin-home', '/portal'],
      ['admin-organisations', '/portal/organisations'],
      ['admin-propose-add', '/portal/proposals/new?kind=add'],
      ['admin-propose-remove', '/portal/proposals/new?kind=remove'],
      ['admin-propose-validator', '/portal/proposals/new?kind=validator'],
      ['admin-propose-parameters', '/portal/proposals/new?kind=parameters'],
      ['admin-propose-faults', '/portal/proposals/check?kind=add&id='],
      ['admin-propose-check', member],
      ['admin-proposal', `/portal/proposals/${proposal}`],
      ['admin-people', '/portal/people'],
      ['admin-people-new', '/portal/people/new'],
      ['admin-credentials', '/portal/people/credentials'],
      ['admin-erase', '/portal/people/erase'],
      ['admin-erase-check', `/portal/people/erase?patient=${patientOf(hospital, 1).id}`],
      ['admin-apps', '/portal/apps'],
      ['admin-app-new', '/portal/apps/new'],
      ['admin-app', `/portal/apps/${app.client_id}`],
      ['admin-logins', '/portal/logins'],
      ['admin-holds', '/portal/holds'],
      ['admin-operations', '/portal/operations'],
      ['admin-ledger', '/portal/ledger'],
    ]) {
      await page.goto(path);
      await look(page, name, way);
      await weigh(page, path, name);
    }
    await page.context().close();
  });
}

test('three organisations change a parameter: one proposes, two vote, by mouse and keyboard', async () => {
  const page = await open();
  await page.goto('/portal/organisations');
  await page.click('a[href="/portal/proposals/new?kind=parameters"]');
  await page.fill('input[name=expiry_blocks_max]', '');
  await page.click('main form button[type=submit]');
  await page.waitForSelector('.faults');
  await typeInto(page, 'input[name=expiry_blocks_max]', '6001');
  await page.keyboard.press('Enter');
  await page.waitForSelector('main form[action="/portal/proposals"]');
  assert.match(await page.innerText('main'), /6001/);
  await enterAt(page, 'main form button[type=submit]', '**/portal/organisations?done=1');
  await look(page, 'admin-proposed', WIDE);
  await page.context().close();
  const mine = ({ proposal: one }) => one.set_parameters?.expiry_blocks_max === 6001;
  const token = admin(hospital).token;
  const { proposals } = await until(() => ask(clinic, 'GET', '/ledger/proposals', token),
    (found) => found.proposals.some(mine));
  const { id } = proposals.find(mine);
  const keyboard = await open(SMALL, clinic);
  await enterAt(keyboard, `a[href="/portal/proposals/${id}"]`, `**/portal/proposals/${id}`);
  await enterAt(keyboard, 'main form button[type=submit]', '**/portal/organisations?done=1');
  await keyboard.context().close();
  const laboratory = demo.organisations[2];
  const third = await open(WIDE, laboratory);
  await third.goto(`/portal/proposals/${id}`);
  await third.click('main form button[type=submit] >> nth=0');
  await third.waitForURL('**/portal/organisations?done=1');
  await third.context().close();
  await until(() => ask(hospital, 'GET', '/ledger/organisations', token),
    ({ parameters }) => parameters.expiry_blocks_max === 6001);
});

test('a user is added by mouse, then replaced by keyboard, and signs in', async () => {
  const page = await open();
  await page.goto('/portal/people');
  await page.click('a.button');
  await page.click('main form button[type=submit]');
  await page.waitForSelector('.faults');
  await look(page, 'admin-people-faults', WIDE);
  await page.fill('input[name=username]', 'grace');
  await page.fill('input[name=password]', 'a long password');
  await page.selectOption('select[name=role]', 'clinician');
  await page.click('main form button[type=submit]');
  await page.waitForURL('**/portal/people?done=grace');
  await look(page, 'admin-people-done', WIDE);
  await enterAt(page, 'a[href*="username=grace"]', '**/portal/people/new?*');
  await typeInto(page, 'input[name=password]', 'another password');
  await tabTo(page, 'select[name=role]');
  await page.keyboard.type('priv');
  await enterAt(page, 'main form button[type=submit]', '**/portal/people?done=grace');
  await page.context().close();
  const grace = { username: 'grace', password: 'another password' };
  const signed = await signedIn(hospital, grace, WIDE);
  assert.equal(await signed.locator('a[href="/portal/openings"]').count() > 0, true);
  await signed.context().close();
});

test('an app is registered, its secret is shown once, and it is deleted', async () => {
  const page = await open();
  await page.goto('/portal/apps/new');
  await page.click('main form button[type=submit]');
  await page.waitForSelector('.faults');
  await look(page, 'admin-app-faults', WIDE);
  // What went wrong by mouse goes right by keyboard alone.
  await typeInto(page, 'input[name=name]', 'Nightly export');
  await tabTo(page, 'input[value=authorization_code]');
  await page.keyboard.press('Space');
  await tabTo(page, 'input[value=client_credentials]');
  await page.keyboard.press('Space');
  // Tab leads to the one of the radio buttons that is chosen; the next is that of a secret.
  await tabTo(page, 'input[name=method]');
  await page.keyboard.press('ArrowDown');
  assert.ok(await page.isChecked('input[value=client_secret_basic]'));
  await typeInto(page, 'input[name=scope]', 'system/*.rs');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.alarm');
  const [id, secret] = await page.locator('.facts code').allInnerTexts();
  assert.ok(id && secret);
  await look(page, 'admin-app-secret', WIDE);
  await enterAt(page, '.back a', '**/portal/apps');
  await enterAt(page, `main a[href="/portal/apps/${id}"]`, `**/portal/apps/${id}`);
  assert.doesNotMatch(await page.innerText('main'), new RegExp(secret));
  await enterAt(page, 'main form button[type=submit]', '**/portal/apps?done=deleted');
  const { clients } = await ask(hospital, 'GET', '/auth/register', admin(hospital).token);
  assert.ok(!clients.some((one) => one.client_name === 'Nightly export'));
  await page.context().close();
});

test('all credentials are ended by keyboard', async () => {
  const page = await open();
  const epoch = async () => {
    const { organisations } = await ask(hospital, 'GET', '/ledger/organisations', admin(hospital).token);
    return organisations.find(({ id }) => id === hospital.id).service.credential_epoch;
  };
  const old = await epoch();
  await page.goto('/portal/people/credentials');
  await enterAt(page, 'main form button[type=submit]', '**/portal/people/credentials?done=1');
  await look(page, 'admin-credentials-ended', WIDE);
  await until(epoch, (now) => now === old + 1);
  await page.context().close();
});

test('a patient is erased only with words and a confirmation, and there is a certificate', async () => {
  const page = await open();
  const { id } = patientOf(hospital, 1);
  await page.goto('/portal/people/erase');
  await typeInto(page, 'input[name=patient]', id);
  await enterAt(page, 'main form button[type=submit]', '**/portal/people/erase?patient=*');
  await page.click('main form button[type=submit]');
  await page.waitForSelector('.faults');
  await look(page, 'admin-erase-faults', WIDE);
  await typeInto(page, 'textarea[name=words]', 'request of 1 November under GDPR article 17');
  await tabTo(page, 'input[name=sure]');
  await page.keyboard.press('Space');
  await enterAt(page, 'main form button[type=submit]', '**/portal/people/erased?id=*');
  for (let at = 0; at < 50 && await page.locator('a[download]').count() === 0; at += 1) {
    await page.waitForTimeout(300);
    await page.reload();
  }
  await look(page, 'admin-erased', WIDE);
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('a[download]')]);
  assert.equal(await download.failure(), null);
  await page.goto(`/portal/people/erase?patient=${id}`);
  await page.waitForSelector('.faults');
  await page.context().close();
});

test('the figures are drawn, and are a table for whoever asks', async () => {
  const page = await open();
  await page.goto('/portal/operations');
  await page.waitForSelector('salus-chart [role=slider]');
  await enterAt(page, 'salus-chart summary', '**/portal/operations');
  assert.ok(await page.locator('salus-chart table').first().isVisible());
  await look(page, 'admin-figures', WIDE);
  await page.context().close();
});

test('another role has none of these pages', async () => {
  const page = await signedIn(hospital, user(hospital, 'clinician'), WIDE);
  for (const path of ['/portal/organisations', '/portal/proposals/new?kind=add', '/portal/people',
    '/portal/people/new', '/portal/people/erase', '/portal/apps', '/portal/logins', '/portal/operations']) {
    const response = await page.goto(path);
    assert.equal(response.status(), 403, path);
  }
  await page.context().close();
});
