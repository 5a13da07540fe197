// The frozen vectors of `crates/proof`, judged by the script that is in the exports.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { Invalid, Policy, canonical, judge, verify } from "../crates/hospital/src/report/verifier.js";

const vectors = new URL("../crates/proof/vectors/", import.meta.url);
const bytes = (text) => new TextEncoder().encode(text);

function verdict(one) {
  try {
    const record = one.record === undefined ? undefined : bytes(one.record);
    const found = verify(bytes(one.receipt), Policy.parse(bytes(one.policy)), record);
    return [found, "valid"];
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    return [null, error.code];
  }
}

test("every frozen receipt has the verdict that it has in Rust", async () => {
  const cases = JSON.parse(await readFile(new URL("receipts.json", vectors), "utf8"));
  assert.ok(cases.length > 20);
  for (const one of cases) {
    const [found, code] = verdict(one);
    assert.equal(code, one.verdict, one.name);
    if (found !== null) {
      assert.equal(found.body, one.event.body);
      assert.equal(found.version, BigInt(one.event.version));
      assert.equal(found.height, BigInt(one.height));
      assert.equal(found.sender, one.sender);
      assert.deepEqual(found.cosigners, one.cosigners);
    }
  }
});

test("no changed byte leaves a valid receipt", async () => {
  const cases = JSON.parse(await readFile(new URL("receipts.json", vectors), "utf8"));
  const good = cases.find((one) => one.verdict === "valid" && one.record !== undefined);
  const name = `${good.event.type}/${good.event.id}/${good.event.version}`;
  const policy = Policy.parse(bytes(good.policy));
  const whole = { name, record: good.record, receipt: good.receipt };
  assert.equal(judge(policy, whole), "valid");
  assert.equal(judge(policy, { ...whole, receipt: null }), "pending");
  assert.match(judge(policy, { ...whole, name: "Patient/1/1" }), /^record/);
  for (let at = 0; at < good.receipt.length; at += 7) {
    const other = good.receipt[at] === "A" ? "B" : "A";
    const receipt = good.receipt.slice(0, at) + other + good.receipt.slice(at + 1);
    assert.notEqual(judge(policy, { ...whole, receipt }), "valid", `byte ${at}`);
  }
});

test("the canonical form of JSON is that of Rust", async () => {
  const cases = JSON.parse(await readFile(new URL("json.json", vectors), "utf8"));
  for (const one of cases) {
    if (one.canonical === undefined) assert.throws(() => canonical(one.text), one.text);
    else assert.equal(canonical(one.text), one.canonical);
  }
});
