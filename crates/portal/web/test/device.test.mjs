// A patient's device in Chromium: where the seed lies, and what it does not sign.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { authenticator, launch, open, page, serve } from "./browser.mjs";
import { devicePage, signPage, state } from "./device-page.mjs";
import { CHAIN, Door } from "./door.mjs";

const consent = (changes = {}) => ({
  resourceType: "Consent", status: "active", patient: { reference: "Patient/p1" },
  provision: {
    type: "permit", period: { start: "2026-01-01", end: "2031-01-01" },
    actor: [{ role: { coding: [{ code: "IRCP" }] },
      reference: { reference: "Organization/north-clinic" } }],
    purpose: [{ code: "TREAT" }], surprise: { deep: "as \u202ewritten" },
  },
  ...changes,
});

let browser;
let server;
let door;
let pages;

before(async () => {
  const head = '<meta name="salus-form" content="the-token">';
  const sign = (id, attributes) => () => signPage(id, { patient: "p1", ...attributes });
  pages = {
    "/portal/device": () => devicePage("p1"),
    "/portal/passphrase": () => devicePage("p1", "data-passphrase"),
    "/portal/consent": sign("it", { kind: "consent", consent: JSON.stringify(consent()) }),
    "/portal/numbers": sign("it", { kind: "consent",
      consent: JSON.stringify(consent()).replace('"as', '1.0,"more":"as') }),
    "/portal/withdraw": sign("it", { kind: "withdraw", consent: "Consent/c1" }),
    "/portal/code": sign("it", { kind: "code", organisation: "north-clinic" }),
  };
  server = await serve({ otherwise: (request, response) => {
    const made = pages[new URL(request.url, "http://localhost").pathname];
    if (made === undefined) return door.answer(request, response);
    response.setHeader("content-type", "text/html; charset=utf-8");
    return response.end(page(["device.js"], made(), head));
  } });
  browser = await launch();
});

after(async () => {
  await browser?.close();
  server?.close();
});

async function enrolled(hasPrf = true) {
  door = new Door("p1");
  const browsing = await open(browser);
  const { there } = browsing;
  browsing.keys = await authenticator(there, hasPrf);
  await there.goto(`${server.base}/portal/device`);
  await state(there, "salus-device", "none");
  return browsing;
}

async function made(there) {
  await there.click("text=Make keys");
  assert.equal(await state(there, "salus-device", "backup"), "backup");
  const texts = await there.$$eval("[data-share=text]", (all) => all.map((it) => it.textContent));
  await there.click("text=I have them");
  assert.equal(await state(there, "salus-device", "enrolled"), "enrolled");
  return texts;
}

/** Everything that is in the page and in what the origin keeps, as text. */
function remains(there) {
  return there.evaluate(async () => {
    const opened = indexedDB.open("salus-device");
    await new Promise((done) => (opened.onsuccess = done));
    const all = opened.result.transaction("devices").objectStore("devices").getAll();
    await new Promise((done) => (all.onsuccess = done));
    opened.result.close();
    const shown = JSON.stringify(all.result, (_, value) =>
      value instanceof Uint8Array ? [...value].map((it) => it.toString(16).padStart(2, "0")).join("") : value);
    return [shown, document.documentElement.outerHTML, JSON.stringify({ ...localStorage })];
  });
}

test("the seed is on the disk under the passkey only, and nowhere in the page", async () => {
  const { there, keys, done } = await enrolled();
  const [first, second] = await made(there);
  const { credentials } = await keys.cdp.send("WebAuthn.getCredentials",
    { authenticatorId: keys.authenticatorId });
  assert.equal(credentials.length, 1);
  const [kept, shown, stored] = await remains(there);
  assert.match(kept, /"kind":"passkey"/);
  assert.match(kept, /"wrapped":"[0-9a-f]{120}"/);
  assert.ok(!shown.includes(first.slice(8, 30)) && stored === "{}");
  // Two cards bring the same keys to a browser that knows nothing.
  const before = door.keys.current.consent_key;
  await there.click("text=Forget");
  assert.equal(await state(there, "salus-device", "elsewhere"), "elsewhere");
  await there.fill("section:not([hidden]) textarea >> nth=0", first.toUpperCase());
  await there.fill("section:not([hidden]) textarea >> nth=1", second.replaceAll("-", " "));
  await there.click("section:not([hidden]) >> text=Bring back");
  assert.equal(await state(there, "salus-device", "enrolled"), "enrolled");
  assert.equal(door.keys.current.consent_key, before);
  assert.equal(door.keys.current.number, 1);
  await done(/status of 404/);
});

test("a card that is wrong or of another seed brings nothing", async () => {
  const { there, done } = await enrolled();
  const [first, second] = await made(there);
  await there.click("text=Forget");
  await state(there, "salus-device", "elsewhere");
  const reason = async (one, two) => {
    await there.$eval("salus-device", (it) => it.removeAttribute("reason"));
    await there.fill("section:not([hidden]) textarea >> nth=0", one);
    await there.fill("section:not([hidden]) textarea >> nth=1", two);
    await there.click("section:not([hidden]) >> text=Bring back");
    await there.waitForSelector("salus-device[reason]");
    return there.getAttribute("salus-device", "reason");
  };
  assert.equal(await reason(first, ""), "count");
  assert.equal(await reason(first, first), "twice");
  assert.equal(await reason(first, second.slice(0, -1) + (second.endsWith("q") ? "p" : "q")), "typo");
  door.keys.current.consent_key = "00".repeat(32);
  assert.equal(await reason(first, second), "other-seed");
  await done(/status of 404/);
});

test("where a passkey gives no secret a passphrase seals the seed", async () => {
  const { there, done } = await enrolled(false);
  await there.click("text=Make keys");
  const fill = async (one, two) => {
    await there.fill("form[data-passphrase=new] >> input >> nth=0", one);
    await there.fill("form[data-passphrase=new] >> input >> nth=1", two);
    await there.click("text=Keep");
  };
  await fill("correct horse battery", "another one");
  await there.waitForSelector("[data-part=message]:has-text('reason-differ')");
  await fill("correct horse battery", "correct horse battery");
  assert.equal(await state(there, "salus-device", "backup"), "backup");
  const [kept, shown] = await remains(there);
  // `salus-seed-key-1`, 64 MiB, 3 passes, 4 lanes: the file of `salus patient`.
  assert.match(kept, /"file":"73616c75732d736565642d6b65792d31000100000000000300000004/);
  assert.ok(!shown.includes("correct horse"));
  await there.goto(`${server.base}/portal/code`);
  await state(there, "#it", "ask");
  await there.click("text=Prepare");
  assert.equal(await state(there, "#it", "review"), "review");
  await there.click("#it [data-act=sign]");
  await there.fill("form[data-passphrase=open] >> input", "correct horse batter");
  await there.click("text=Open");
  await there.waitForSelector("#it[reason=sealed]");
  await there.$eval("#it", (it) => it.removeAttribute("reason"));
  await there.click("#it [data-act=sign]");
  await there.fill("form[data-passphrase=open] >> input", "correct horse battery");
  await there.click("text=Open");
  assert.equal(await state(there, "#it", "done"), "done");
  assert.deepEqual(door.done, ["code"]);
  await done(/status of 404/);
});

test("what is shown is what was prepared, and that is what is signed", async () => {
  const { there, done } = await enrolled();
  await made(there);
  for (const at of ["code", "consent", "withdraw"]) {
    await there.goto(`${server.base}/portal/${at}`);
    await state(there, "#it", "ask");
    await there.click("text=Prepare");
    assert.equal(await state(there, "#it", "review"), "review");
    if (at === "consent") {
      assert.equal(await there.textContent("[data-proven=recipients]"), "north-clinic");
      const lines = await there.$$eval("[data-part=rules] li", (all) => all.map((it) => it.textContent));
      assert.deepEqual(lines, ["status: active", "rule-permit-some",
        "period: 2026-01-01 – 2031-01-01", "actor: Organization/north-clinic, IRCP",
        "purpose: TREAT", 'surprise: {"deep":"as \ufffdwritten"}']);
    }
    await there.click("#it [data-act=cancel]");
    assert.equal(await state(there, "#it", "ask"), "ask");
    await there.click("text=Prepare");
    await state(there, "#it", "review");
    await there.click("#it [data-act=sign]");
    assert.equal(await state(there, "#it", "done"), "done");
  }
  assert.deepEqual(door.done, ["code", "consent", "end"]);
  await done(/status of 404/);
});

test("nothing is signed that is not what was asked for", async () => {
  const { there, done } = await enrolled();
  await made(there);
  const reason = async (at, lie) => {
    door.lie = lie;
    await there.goto(`${server.base}/portal/${at}`);
    await state(there, "#it", "ask");
    await there.click("text=Prepare");
    await state(there, "#it", "never");
    assert.equal(await there.getAttribute("#it", "state"), "ask");
    return there.getAttribute("#it", "reason");
  };
  const hour = Math.floor(Date.UTC(2026, 0, 1) / 3_600_000);
  for (const [at, lie, wanted] of [
    ["consent", { chain: CHAIN.replace("ab", "ac") }, "ledger"],
    ["consent", { home: "city-lab" }, "organisation"],
    ["consent", { patient: "p2" }, "patient"],
    ["consent", { until: Date.now() - 1_000 }, "past"],
    ["consent", { until: Date.now() + 7_200_000 }, "ahead"],
    ["consent", { version: 2 }, "form"],
    ["consent", { body: Buffer.alloc(32) }, "consent"],
    ["consent", { consent: "c2" }, "consent"],
    ["consent", { recipients: ["city-lab", "north-clinic"] }, "recipients"],
    ["consent", { recipients: [] }, "recipients"],
    ["consent", { recipients: ["north-clinic", "city-lab"] }, "form"],
    ["consent", { from: hour + 1 }, "hours"],
    ["consent", { to: hour + 80_000 }, "hours"],
    ["consent", { custodial: true }, "custodial"],
    ["consent", { kind: "code", organisation: "north-clinic" }, "act"],
    ["withdraw", { consent: "c2" }, "consent"],
    ["code", { organisation: "city-lab" }, "organisation"],
    ["numbers", {}, "unusable"],
  ]) {
    assert.equal(await reason(at, lie), wanted, `${at} ${JSON.stringify(lie)}`);
  }
  // What this device gave itself it knows: another grant is not ended in its name.
  door.lie = {};
  await there.goto(`${server.base}/portal/consent`);
  await state(there, "#it", "ask");
  await there.click("text=Prepare");
  await state(there, "#it", "review");
  await there.click("#it [data-act=sign]");
  assert.equal(await state(there, "#it", "done"), "done");
  assert.equal(await reason("withdraw", { grants: ["02".repeat(32)] }), "grants");
  assert.equal(await reason("withdraw", { grants: [] }), "grants");
  assert.deepEqual(door.done, ["consent"]);
  await done(/status of 404/);
});
