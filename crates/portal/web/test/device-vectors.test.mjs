// What a device computes, held against the frozen vectors of the Rust crates.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { compiled } from "./compiled.mjs";

const crates = new URL("../../../", import.meta.url);
const text = (path) => readFile(new URL(path, crates), "utf8");
const lib = await compiled(
  "device/seed.ts", "device/shares.ts", "device/terms.ts", "device/statement.ts",
  "device/types.ts", "device/bytes.ts", "device/moment.ts", "device/wrap.ts", "device/asked.ts",
);
const hex = (bytes) => Buffer.from(bytes).toString("hex");
const seed = () => lib.Seed.of(Uint8Array.from({ length: 32 }, (_, at) => at));

test("the keys of a seed are those of the vault", async () => {
  const seven = new Uint8Array(32).fill(7);
  // An Ed25519 seed is wiped by who signs with it; it is read out before.
  const secret = (of) => {
    let found;
    of((key) => {
      found = hex(key.seed);
    });
    return found;
  };
  const found = {
    "consent-signing": secret((act) => seed().consenting(act)),
    "x-wing": hex(seed().xWing()),
    "grant-07x32": secret((act) => seed().authority(seven, act)),
    "delegation-07x32": secret((act) => seed().delegator(seven, act)),
    "delegate-07x32": secret((act) => seed().delegate(seven, act)),
    "pseudonym-st-mary": hex(seed().pseudonym("st-mary")),
    "pseudonym-city-lab": hex(seed().pseudonym("city-lab")),
  };
  const set = Uint8Array.of(0x4f, 0x2a, 0x91);
  const slope = Uint8Array.from({ length: 40 }, (_, at) => (at * 7) % 256);
  for (const share of lib.split(seed(), set, slope)) {
    found[`share-${share.number}`] = lib.toText(share);
  }
  const lines = (await text("vault/vectors/seed.txt")).split("\n");
  const frozen = lines.filter((line) => line !== "" && !line.startsWith("#"));
  assert.deepEqual(found, Object.fromEntries(frozen.map((line) => line.split(" "))));
});

test("any two of three shares give the seed back, and a wrong one is noticed", () => {
  const shares = lib.split(seed());
  for (const [left, right] of [[0, 1], [0, 2], [1, 2], [2, 0]]) {
    const two = [shares[left], shares[right]];
    assert.equal(hex(lib.recover(two).reveal()), hex(seed().reveal()));
  }
  assert.equal(hex(lib.recover(shares).reveal()), hex(seed().reveal()));
  const reason = (act) => {
    try {
      act();
    } catch (error) {
      return error.reason;
    }
    return null;
  };
  const other = lib.split(seed());
  assert.equal(reason(() => lib.recover([shares[0]])), "count");
  assert.equal(reason(() => lib.recover([shares[0], other[1]])), "mixed");
  assert.equal(reason(() => lib.recover([shares[0], shares[0]])), "twice");
  for (let at = 0; at < 40; at += 1) {
    const value = shares[1].value.slice();
    value[at] ^= 1 << at % 8;
    const wrong = { ...shares[1], value };
    assert.equal(reason(() => lib.recover([shares[0], wrong])), "wrong");
    assert.equal(reason(() => lib.recover([shares[0], shares[2], wrong])), "wrong");
  }
  const printed = lib.toText(shares[0]);
  for (const typed of [printed.toUpperCase(), ` ${printed.replaceAll("-", " \n")}`]) {
    assert.deepEqual(lib.fromText(typed), shares[0]);
  }
  for (let at = 6; at < printed.length; at += 1) {
    if (printed[at] === "-") continue;
    const letter = printed[at] === "q" ? "p" : "q";
    const wrong = printed.slice(0, at) + letter + printed.slice(at + 1);
    assert.equal(reason(() => lib.fromText(wrong)), "typo", wrong);
  }
  assert.equal(reason(() => lib.fromText(printed.slice(1))), "length");
});

test("the terms of a Consent are those of the node, byte for byte", async () => {
  const cases = JSON.parse(await text("consent/vectors/terms.json"));
  assert.ok(cases.length > 30);
  for (const one of cases) {
    const consent = JSON.parse(one.consent);
    const terms = lib.termsBytes(lib.asSigned(consent, "c1"));
    assert.equal(terms && hex(terms), one.terms, one.name);
    assert.equal(hex(lib.policyDigest(lib.asSigned(consent, "c1"), "c1")), one.policy, one.name);
    assert.equal(hex(lib.bodyDigest(consent, "c1")), one.body, one.name);
  }
});

test("what is signed of a statement is what the node verifies", async () => {
  const cases = JSON.parse(await text("consent/vectors/statements.json"));
  const recipients = cases.pop();
  assert.equal(hex(lib.recipientsDigest(["city-lab", "north-clinic"])), recipients.digest);
  const key = await derivedKey();
  for (const one of cases) {
    const bytes = lib.fromHex(one.statement);
    const statement = lib.readStatement(bytes);
    assert.equal(hex(lib.message(statement, null)), one.alone, one.name);
    assert.equal(hex(lib.message(statement, key)), one.derived, one.name);
    const { act } = statement;
    const ledger = act.kind === "withdraw"
      ? act.grants.map((grant) => lib.revokeMessage(statement, grant))
      : [lib.grantMessage(statement, JSON.parse(one.consent), key)
        ?? lib.delegateMessage(statement, key)].filter((it) => it !== null);
    assert.deepEqual(ledger.map(hex), one.ledger, one.name);
    for (let end = 0; end < bytes.length; end += 1) {
      assert.throws(() => lib.readStatement(bytes.subarray(0, end)));
    }
    assert.throws(() => lib.readStatement(Uint8Array.of(...bytes, 0)));
  }
});

async function derivedKey() {
  let found;
  lib.SigningKey.with(new Uint8Array(32).fill(9), (key) => {
    found = key.public;
  });
  return found;
}

test("the list of resource types is that of the generated tables", async () => {
  const lines = (await text("fhir/src/generated/elements.txt")).split("\n");
  const names = lines.map((line) => /^([A-Za-z]+):\S* r\b/.exec(line)?.[1]).filter(Boolean);
  assert.deepEqual(lib.TYPES, names.sort());
});

test("a seed opens with its own passkey or passphrase, for its own patient", async () => {
  const prf = new Uint8Array(32).fill(9);
  const wrapped = await lib.wrapDevice(seed(), prf, "st-mary/p1");
  const opened = await lib.openDevice(prf, "st-mary/p1", wrapped);
  assert.equal(hex(opened.reveal()), hex(seed().reveal()));
  await assert.rejects(lib.openDevice(prf, "st-mary/p2", wrapped), lib.Sealed);
  await assert.rejects(lib.openDevice(new Uint8Array(32), "st-mary/p1", wrapped), lib.Sealed);
  const file = await lib.sealFile(seed(), "three words here");
  assert.equal(hex((await lib.openFile(file, "three words here")).reveal()), hex(seed().reveal()));
  // Another passphrase is refused in `device.test.mjs`: each try costs seconds.
  const dear = file.slice();
  dear[16] = 0x7f;
  await assert.rejects(lib.openFile(dear, "three words here"), lib.Sealed);
});
