// fhir-kit-client (npm) against a running demo: DEMO names its demo.json.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { Client } from 'fhir-kit-client';

const demo = JSON.parse(readFileSync(process.env.DEMO, 'utf8'));
const hospital = demo.organisations[0];
const clinician = hospital.users.find((user) => user.role === 'clinician');
const mark = `kit-${process.pid}-${Date.now()}`;
const system = 'https://salus.example/e2e';

let client;
let patient;

before(async () => {
  client = new Client({ baseUrl: hospital.fhir, bearerToken: clinician.token });
  patient = await client.create({
    resourceType: 'Patient',
    body: {
      resourceType: 'Patient',
      identifier: [{ system, value: mark }],
      name: [{ family: 'Kit', given: ['Ada'] }],
      birthDate: '1980-02-29',
    },
  });
});

test('the capability statement is readable without a token', async () => {
  const open = new Client({ baseUrl: hospital.fhir });
  const statement = await open.capabilityStatement();
  assert.equal(statement.resourceType, 'CapabilityStatement');
  assert.equal(statement.fhirVersion, '4.0.1');
});

test('what was created is read back', async () => {
  assert.match(patient.id, /^[A-Za-z0-9.-]{1,64}$/);
  const read = await client.read({ resourceType: 'Patient', id: patient.id });
  assert.deepEqual(read, patient);
  const version = await client.vread({ resourceType: 'Patient', id: patient.id, version: '1' });
  assert.deepEqual(version, patient);
});

test('it is found by identifier, with GET and with POST', async () => {
  const searchParams = { identifier: `${system}|${mark}` };
  const got = await client.search({ resourceType: 'Patient', searchParams });
  assert.deepEqual(got.entry.map((entry) => entry.resource.id), [patient.id]);
  const posted = await client.search({
    resourceType: 'Patient',
    searchParams,
    options: { postSearch: true },
  });
  assert.deepEqual(posted.entry.map((entry) => entry.resource.id), [patient.id]);
});

test('an update and a patch make versions', async () => {
  const current = await client.read({ resourceType: 'Patient', id: patient.id });
  const updated = await client.update({
    resourceType: 'Patient',
    id: patient.id,
    body: { ...current, gender: 'female' },
  });
  assert.equal(updated.gender, 'female');
  const patched = await client.patch({
    resourceType: 'Patient',
    id: patient.id,
    jsonPatch: [{ op: 'replace', path: '/birthDate', value: '1980-03-01' }],
  });
  assert.equal(patched.birthDate, '1980-03-01');
  assert.equal(Number(patched.meta.versionId), Number(updated.meta.versionId) + 1);
  const history = await client.resourceHistory({ resourceType: 'Patient', id: patient.id });
  assert.equal(history.entry.length, 3);
});

test('pages lead from one to the next and miss nothing', async () => {
  const wanted = new Set();
  for (let beats = 60; beats < 67; beats += 1) {
    const made = await client.create({ resourceType: 'Observation', body: observation(beats) });
    wanted.add(made.id);
  }
  let page = await client.search({
    resourceType: 'Observation',
    searchParams: { subject: `Patient/${patient.id}`, _count: '3', _sort: '-_lastUpdated' },
  });
  const found = [];
  for (let turns = 0; page !== undefined && turns < 10; turns += 1) {
    assert.ok((page.entry ?? []).length <= 3);
    found.push(...(page.entry ?? []).map((entry) => entry.resource.id));
    page = await client.nextPage({ bundle: page });
  }
  assert.equal(found.length, 7);
  assert.deepEqual(new Set(found), wanted);
});

test('a transaction goes in whole and its references are resolved', async () => {
  const urn = 'urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a';
  const answer = await client.transaction({
    body: {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [
        {
          fullUrl: urn,
          resource: { resourceType: 'Patient', name: [{ family: `${mark}-tx` }] },
          request: { method: 'POST', url: 'Patient' },
        },
        {
          resource: { ...observation(70), subject: { reference: urn } },
          request: { method: 'POST', url: 'Observation' },
        },
      ],
    },
  });
  assert.equal(answer.type, 'transaction-response');
  const [, type, id] = answer.entry[1].response.location.match(/(Observation)\/([^/]+)\/_history/);
  const stored = await client.read({ resourceType: type, id });
  assert.match(stored.subject.reference, /^Patient\//);
});

test('what is wrong is refused with its place', async () => {
  await assert.rejects(
    client.create({ resourceType: 'Patient', body: { resourceType: 'Patient', birthDate: 'x' } }),
    (error) => {
      const outcome = error.response?.data ?? error.data;
      assert.equal(outcome.resourceType, 'OperationOutcome');
      assert.match(JSON.stringify(outcome), /Patient\.birthDate/);
      return true;
    },
  );
});

test('a deleted resource is gone', async () => {
  const made = await client.create({ resourceType: 'Observation', body: observation(80) });
  await client.delete({ resourceType: 'Observation', id: made.id });
  await assert.rejects(client.read({ resourceType: 'Observation', id: made.id }), (error) => {
    assert.equal(error.response?.status ?? error.status, 410);
    return true;
  });
});

function observation(beats) {
  return {
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
    subject: { reference: `Patient/${patient.id}` },
    effectiveDateTime: '2026-11-01T10:00:00Z',
    valueQuantity: {
      value: beats,
      unit: '/min',
      system: 'http://unitsofmeasure.org',
      code: '/min',
    },
  };
}
