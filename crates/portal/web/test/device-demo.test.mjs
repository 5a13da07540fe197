// A patient's device in Chromium against a running demo, which DEMO names: the node verifies what
// the browser signed. The JSON door is reached as the portal passes it on.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { authenticator, bodyOf, launch, open, page, serve } from "./browser.mjs";
import { devicePage, signPage, state } from "./device-page.mjs";

const demo = process.env.DEMO ? JSON.parse(readFileSync(process.env.DEMO, "utf8")) : null;
const skip = demo === null ? "needs a running demo (DEMO)" : false;

let browser;
let server;
let pages;
let browsing;
let given;
let patient;
let home;
let other;
let ward;
let delegation;

const consent = () => JSON.stringify({
  resourceType: "Consent", status: "active",
  scope: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/consentscope",
    code: "patient-privacy" }] },
  category: [{ coding: [{ system: "http://loinc.org", code: "59284-0" }] }],
  patient: { reference: `Patient/${patient.id}` },
  policyRule: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/v3-ActCode",
    code: "OPTIN" }] },
  provision: {
    type: "permit",
    period: { start: "2026-01-01", end: "2028-01-01" },
    actor: [{
      role: { coding: [
        { system: "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", code: "IRCP" }] },
      reference: { reference: `Organization/${other.id}` },
    }],
    purpose: [{ system: "http://terminology.hl7.org/CodeSystem/v3-ActReason", code: "TREAT" }],
    provision: [{ type: "deny", securityLabel: [
      { system: "http://terminology.hl7.org/CodeSystem/v3-ActCode", code: "HIV" }] }],
  },
});

before(async () => {
  if (demo === null) return;
  patient = demo.patients.at(-1);
  home = demo.organisations.find((one) => one.id === patient.home);
  other = demo.organisations.find((one) => one.id !== home.id);
  ward = demo.patients.find((one) => one.home === home.id && one.id !== patient.id);
  const head = '<meta name="salus-form" content="the-token">';
  const sign = (id, attributes) => signPage(id, { patient: patient.id, ...attributes });
  pages = {
    "/portal/device": () => devicePage(patient.id),
    "/portal/code": () => sign("code", { kind: "code", organisation: other.id }),
    "/portal/consent": () => sign("consent", { kind: "consent", consent: consent() }),
    "/portal/accept": () => signPage("accept", { kind: "accept", patient: ward.id,
      holder: patient.id, delegation }),
    "/portal/for-another": () => signPage("for-another", { kind: "code", patient: ward.id,
      holder: patient.id, organisation: other.id }),
    "/portal/withdraw": () => sign("withdraw", { kind: "withdraw", consent: given }),
  };
  server = await serve({ otherwise: async (request, response) => {
    const made = pages[new URL(request.url, "http://localhost").pathname];
    if (made !== undefined) {
      response.setHeader("content-type", "text/html; charset=utf-8");
      return response.end(page(["device.js"], made(), head));
    }
    // As the portal does: what is open to all is reached as it is, the rest behind its own path.
    const path = request.url.replace(/^\/portal\/api/, "");
    assert.equal(path === request.url, path.startsWith("/ledger/"), path);
    const headers = { authorization: `Bearer ${patient.token}` };
    for (const name of ["accept", "content-type", "acting-for"]) {
      if (request.headers[name]) headers[name] = request.headers[name];
    }
    const body = request.method === "GET" ? undefined : await bodyOf(request);
    if (body !== undefined) assert.equal(request.headers["x-salus-form"], "the-token");
    const answer = await fetch(home.base + path, { method: request.method, headers, body });
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
    return response.end(await answer.text());
  } });
  browser = await launch();
  browsing = await open(browser);
  await authenticator(browsing.there, true);
});

after(async () => {
  await browser?.close();
  server?.close();
});

test("a device makes its keys, and the organisation takes them", { skip }, async () => {
  const { there } = browsing;
  await there.goto(`${server.base}/portal/device`);
  assert.equal(await state(there, "salus-device", "none"), "none");
  await there.click("text=Make keys");
  assert.equal(await state(there, "salus-device", "backup"), "backup");
  assert.equal((await there.$$("article")).length, 3);
  await there.click("text=I have them");
  assert.equal(await state(there, "salus-device", "enrolled"), "enrolled");
  assert.equal((await there.$$("article")).length, 0);
});

/** Prepares, reviews and signs on a page; answers what was shown. */
async function through(id) {
  const { there } = browsing;
  await there.goto(`${server.base}/portal/${id}`);
  assert.equal(await state(there, `#${id}`, "ask"), "ask");
  await there.click("text=Prepare");
  assert.equal(await state(there, `#${id}`, "review"), "review");
  const shown = await there.textContent(`#${id} [data-step=review]`);
  await there.click(`#${id} [data-act=sign]`);
  assert.equal(await state(there, `#${id}`, "done"), "done");
  return shown;
}

test("it signs a code, a consent and its end, and the node does each", { skip }, async () => {
  const { there } = browsing;
  await through("code");
  const code = await there.textContent("[data-proven=code]");
  const clinician = other.users.find((one) => one.role === "clinician");
  const local = await carried(code, clinician);
  assert.ok(local);
  const shown = await through("consent");
  assert.match(shown, new RegExp(other.id));
  assert.match(shown, /HIV/);
  given = await there.textContent("[data-proven=consent]");
  assert.match(await there.textContent("[data-proven=grant]"), /^[0-9a-f]{64}$/);
  await through("withdraw");
});

test("it accepts to act for another patient, and signs for them", { skip }, async () => {
  const ask = async (path, body) => {
    const answer = await fetch(home.base + path, {
      method: "POST", body: JSON.stringify(body),
      headers: { authorization: `Bearer ${ward.token}`, "content-type": "application/json" },
    });
    assert.equal(answer.status, 201, await answer.clone().text());
    return answer.json();
  };
  await ask("/identity/keys", { mode: "custodial" });
  const until = new Date(Date.now() + 30 * 86_400_000).toISOString();
  const proxy = { patient: ward.id, delegate: patient.username, kind: "proxy", until };
  delegation = (await ask("/identity/delegations", proxy)).id;
  await through("accept");
  await through("for-another");
  assert.match(await browsing.there.textContent("[data-proven=code]"), /./);
  await browsing.done(/status of 404/);
});

/** The clinician of the other organisation brings the code for a patient of theirs. */
async function carried(code, clinician) {
  const headers = {
    authorization: `Bearer ${clinician.token}`, "content-type": "application/fhir+json",
  };
  const made = await fetch(`${other.fhir}/Patient`, {
    method: "POST", headers,
    body: JSON.stringify({ resourceType: "Patient", name: [{ family: "X" }] }),
  });
  const own = (await made.json()).id;
  const linked = await fetch(`${other.base}/sharing/links`, {
    method: "POST", headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify({ organisation: home.id, code, patient: own }),
  });
  assert.equal(linked.status, 201, await linked.clone().text());
  return own;
}
