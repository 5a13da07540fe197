// The verifier in the browser, with the frozen receipts that the Rust verifier is judged by.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { json, launch, open, page, serve, vectors } from "./browser.mjs";

const WORDS = `<template id="salus-seal">
  <span data-say="waiting">not checked</span><span data-say="checking">checking</span>
  <span data-say="valid">verified</span><span data-say="changed">does not fit:</span>
  <span data-say="pending">not yet</span><span data-say="failed">not checked:</span>
  <span data-say="reason-record">the record is another one</span>
  <details data-part="proven"><summary>What was proven</summary><dl>
    <dt>Accepted</dt><dd data-proven="time"></dd><dt>By</dt><dd data-proven="organisation"></dd>
    <dt>Size</dt><dd data-proven="size"></dd><dt>Root</dt><dd data-proven="root"></dd>
    <dt>Cosigners</dt><dd data-proven="cosigners"></dd>
    <dt>Record</dt><dd data-proven="record-hash"></dd><dt>Why</dt><dd data-proven="detail"></dd>
  </dl></details>
  <div data-part="trust"><p>another list</p><dl><dt>Kept</dt><dd data-proven="kept-hash"></dd>
    <dt>New</dt><dd data-proven="trust-hash"></dd></dl>
    <button type="button" data-act="trust">Use the new list</button></div></template>`;
const ALL = `<salus-seal-all><button type="button" data-act="all" hidden>Check all</button>
  <p data-part="summary"></p><span hidden data-say="summary">{valid} of {all}</span>
  <span hidden data-say="problem">{changed} bad</span></salus-seal-all>`;
const FILES = `<salus-verify-file><form><input type="file" data-file="receipt">
  <input type="file" data-file="record"><input type="file" data-file="trust">
  <button type="submit">Verify</button></form><div data-part="verdict"></div></salus-verify-file>`;

let cases;
let good;
let name;
let answers;
const held = [];
let most = 0;
let slow = 0;
let browser;
let server;

const seal = (key, ref = name) =>
  `<salus-seal data-ref="${ref}" data-src="/portal/seal/${key}">fallback</salus-seal>`;
const answer = (changes = {}) => ({
  status: "ready", receipt: good.receipt, trust: good.policy,
  record: Buffer.from(good.record).toString("base64"), ...changes,
});
const base64 = (text) => Buffer.from(text).toString("base64");
const swapped = (text, at) =>
  text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);

before(async () => {
  cases = JSON.parse(await vectors("proof/vectors/receipts.json"));
  good = cases.find((one) => one.verdict === "valid" && one.record !== undefined);
  const { type, id, version } = good.event;
  name = `${type}/${id}/_history/${version}`;
  let asked = 0;
  answers = {
    good: () => answer(),
    receipt: () => answer({ receipt: swapped(good.receipt, good.receipt.indexOf("extra ") + 400) }),
    record: () => answer({ record: base64(good.record.replace("}", ',"x":1}')) }),
    trust: () => answer({ trust: `# another one\n${good.policy}` }),
    pending: () => (++asked < 3 ? { status: "pending", retry_ms: 300 } : answer()),
    broken: () => ({ status: "ready" }),
  };
  const routes = {
    "/portal/vectors": page(["seal.js"], ""),
    "/portal/states": page(["seal.js"], WORDS + ALL + seal("good") + seal("receipt")
      + seal("record") + seal("good", "Patient/other/_history/1") + seal("pending")
      + seal("broken") + seal("none")),
    "/portal/trust": page(["seal.js"], WORDS + seal("trust") + seal("good")),
    "/portal/many": page(["seal.js"],
      WORDS + ALL + Array.from({ length: 40 }, (_, at) => seal(`slow?${at}`)).join(""),
      '<link rel="stylesheet" href="/portal/tall.css">'),
    "/portal/files": page(["seal.js"], WORDS + FILES),
    "/portal/tall.css": (_, response) => {
      response.writeHead(200, { "content-type": "text/css" });
      response.end("salus-seal { display: block; height: 600px; }");
    },
    // Answers once four have asked: fewer at a time than four would wait for ever.
    "/portal/seal/slow": (_, response) => {
      slow += 1;
      held.push(response);
      most = Math.max(most, held.length);
      if (held.length < 4) return;
      for (const one of held.splice(0)) json(one, answer());
    },
  };
  for (const [key, make] of Object.entries(answers)) {
    routes[`/portal/seal/${key}`] = (_, response) => json(response, make());
  }
  server = await serve(routes);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  server?.close();
});

test("the browser judges every frozen receipt as Rust does", async () => {
  const { there, done } = await open(browser);
  await there.goto(`${server.base}/portal/vectors`);
  const texts = JSON.parse(await vectors("proof/vectors/json.json"));
  const found = await there.evaluate(async ([receipts, forms]) => {
    const lib = await import("/portal/assets/seal.js");
    const verdict = (one) => {
      try {
        const record = one.record === undefined ? undefined : lib.encode(one.record);
        const policy = lib.Policy.parse(lib.encode(one.policy));
        const { body, cosigners } = lib.verify(lib.encode(one.receipt), policy, record);
        return ["valid", body, cosigners];
      } catch (error) {
        if (!(error instanceof lib.Invalid)) throw error;
        return [error.code];
      }
    };
    const form = ({ text }) => {
      try {
        return lib.canonical(text);
      } catch {
        return null;
      }
    };
    return [receipts.map(verdict), forms.map(form)];
  }, [cases, texts]);
  assert.ok(cases.length > 20);
  for (const [at, one] of cases.entries()) {
    assert.equal(found[0][at][0], one.verdict, one.name);
    if (one.verdict === "valid") {
      assert.deepEqual(found[0][at].slice(1), [one.event.body, one.cosigners]);
    }
  }
  assert.deepEqual(found[1], texts.map((one) => one.canonical ?? null));
  await done();
});

test("a seal says what holds, what does not fit, and what is not there yet", async () => {
  const { there, context, faults } = await open(browser);
  await there.goto(`${server.base}/portal/states`);
  await there.waitForSelector("salus-seal:nth-of-type(5)[state=valid]");
  await there.waitForSelector("salus-seal:nth-of-type(7)[state=failed]");
  const states = await there.$$eval("salus-seal", (all) =>
    all.map((one) => [one.getAttribute("state"), one.getAttribute("reason")]));
  assert.deepEqual(states, [
    ["valid", null], ["changed", "event"], ["changed", "record"], ["changed", "name"],
    ["valid", null], ["failed", "unusable"], ["failed", "network"],
  ].map((one, at) => (at === 1 ? ["changed", states[1][1]] : one)));
  assert.ok(["malformed", "event", "entry", "history"].includes(states[1][1]), states[1][1]);
  assert.equal(await there.textContent("salus-seal [data-part=state]"), "verified");
  assert.equal(await there.textContent("salus-seal [data-proven=cosigners]"),
    String(good.cosigners.length));
  const bad = there.locator("salus-seal").nth(2).locator("[data-part=state]");
  assert.equal(await bad.textContent(), "does not fit: the record is another one");
  assert.equal(await bad.getAttribute("role"), "alert");
  assert.equal(await there.textContent("[data-part=summary]"), "2 of 7 3 bad");
  // The one that is not there is a 404, which the console tells.
  assert.deepEqual(faults.filter((it) => !it.includes("404")), []);
  await context.close();
});

test("another list of whom to trust is told, and taken only by a person", async () => {
  const { there, done } = await open(browser);
  await there.goto(`${server.base}/portal/files`);
  const origin = good.policy.match(/^log (\S+?)\+/m)[1];
  // This browser knows the ledger under other validators than those who cosigned.
  const lines = good.policy.split("\n");
  const alone = lines.filter((line) => /^log |^witness city-lab /.test(line));
  const other = [...alone, "quorum city-lab", ""].join("\n");
  await there.evaluate(([key, file]) => localStorage.setItem(key, JSON.stringify([file])),
    [`salus-trust ${origin}`, other]);
  await there.goto(`${server.base}/portal/trust`);
  await there.waitForSelector("salus-seal:nth-of-type(2)[state=changed][reason=trust]");
  const hashes = await there.$$eval("salus-seal dd", (all) => all.map((one) => one.textContent));
  assert.match(hashes[0], /^[0-9a-f]{64}$/);
  assert.notEqual(hashes[0], hashes[1]);
  await there.click("text=Use the new list >> nth=0");
  await there.waitForSelector("salus-seal:nth-of-type(1)[state=valid]");
  await there.waitForSelector("salus-seal:nth-of-type(2)[state=valid]");
  // What was kept holds the next time too, whatever is offered.
  await there.reload();
  await there.waitForSelector("salus-seal:nth-of-type(2)[state=valid]");
  await done();
});

test("seals are checked when they are seen, four at once", async () => {
  const { there, done } = await open(browser);
  await there.goto(`${server.base}/portal/many`);
  await there.waitForSelector("salus-seal[state=checking]");
  assert.ok(slow < 10, `${slow} asked`);
  await there.click("text=Check all");
  await there.waitForSelector("salus-seal-all[state=valid]");
  assert.equal(await there.textContent("[data-part=summary]"), "40 of 40");
  assert.equal(most, 4);
  await done();
});

test("files are verified without any network, and a changed one is told", async () => {
  const { there, context, faults } = await open(browser);
  await there.goto(`${server.base}/portal/files`);
  await context.setOffline(true);
  const asked = [];
  there.on("request", (request) => asked.push(request.url()));
  const verdict = async (files) => {
    for (const kind of ["receipt", "record", "trust"]) {
      const buffer = files[kind] === undefined ? undefined : Buffer.from(files[kind]);
      const chosen = buffer && { name: kind, mimeType: "text/plain", buffer };
      await there.setInputFiles(`[data-file=${kind}]`, chosen ?? []);
    }
    await there.$eval("salus-verify-file", (one) => one.removeAttribute("state"));
    await there.click("text=Verify");
    await there.waitForSelector("salus-verify-file[state]");
    return there.$eval("salus-verify-file", (one) =>
      [one.getAttribute("state"), one.getAttribute("reason")]);
  };
  const whole = { receipt: good.receipt, record: good.record, trust: good.policy };
  assert.deepEqual(await verdict(whole), ["valid", null]);
  assert.match(await there.textContent("[data-part=verdict] [data-proven=root]"), /=$/);
  assert.deepEqual(await verdict({ ...whole, record: undefined }), ["valid", null]);
  assert.deepEqual(await verdict({ ...whole, trust: undefined }), ["failed", "no-trust"]);
  assert.deepEqual(await verdict({ ...whole, record: good.record.replace("}", ',"x":1}') }),
    ["changed", "record"]);
  assert.deepEqual(await verdict({ ...whole, receipt: "a shopping list" }), ["failed", "unusable"]);
  for (let at = 0; at < good.receipt.length; at += 211) {
    const [state] = await verdict({ ...whole, receipt: swapped(good.receipt, at) });
    assert.notEqual(state, "valid", `byte ${at}`);
  }
  assert.deepEqual(asked, []);
  assert.deepEqual(faults, []);
  await context.close();
});
