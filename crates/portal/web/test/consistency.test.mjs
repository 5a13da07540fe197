// The consistency of histories, with the frozen trees that the Rust verifier is judged by, and
// headers of blocks that name each other.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { compiled } from "./compiled.mjs";

const { chained, continues, readHeader } = await compiled("consistency.ts");
const trees = JSON.parse(await readFile(
  new URL("../../../proof/vectors/trees.json", import.meta.url), "utf8"));
const bytes = (text) => Uint8Array.from(Buffer.from(text, "hex"));
const roots = new Map(trees.filter(({ what }) => what === "root")
  .map(({ size, root }) => [size, bytes(root)]));
const proofs = trees.filter(({ what, old, new: next }) =>
  what === "consistency" && roots.has(old) && roots.has(next));
const tree = (size) => ({ size: BigInt(size), root: roots.get(size) });

test("every frozen proof of consistency holds", () => {
  assert.ok(proofs.length > 20, `${proofs.length}`);
  for (const { old, new: next, path } of proofs) {
    assert.ok(continues(tree(old), tree(next), path.map(bytes)), `${old} to ${next}`);
  }
});

test("a proof that was changed anywhere does not hold", () => {
  for (const { old, new: next, path } of proofs.filter((one) => one.path.length > 0)) {
    const whole = path.map(bytes);
    const label = `${old} to ${next}`;
    for (let at = 0; at < whole.length; at += 1) {
      const changed = whole.map((hash) => Uint8Array.from(hash));
      changed[at][7] ^= 1;
      assert.ok(!continues(tree(old), tree(next), changed), label);
    }
    assert.ok(!continues(tree(old), tree(next), whole.slice(1)), label);
    assert.ok(!continues(tree(old), tree(next), [...whole, whole[0]]), label);
    assert.ok(!continues(tree(next), tree(old), whole), label);
    const other = { size: BigInt(old), root: Uint8Array.from(roots.get(old), (byte) => byte ^ 1) };
    assert.ok(!continues(other, tree(next), whole), label);
    assert.ok(!continues(tree(old), { ...tree(next), root: other.root }, whole), label);
  }
});

/** The canonical bytes of a header: docs/reference/ledger.md. */
function header(height, parent, timeMs, size) {
  const out = Buffer.alloc(160);
  out.writeBigUInt64BE(BigInt(height), 0);
  Buffer.from(parent).copy(out, 16);
  out.writeBigUInt64BE(BigInt(timeMs), 48);
  out.writeBigUInt64BE(BigInt(size), 88);
  return new Uint8Array(out);
}

test("headers hold together only in their order and unchanged", () => {
  const all = [];
  let parent = new Uint8Array(32);
  for (let height = 1; height <= 6; height += 1) {
    all.push(header(height, parent, 1_000 * height, height));
    parent = readHeader(all.at(-1)).digest;
  }
  const read = (list) => list.map((one) => readHeader(one));
  assert.ok(chained(read(all)));
  assert.ok(!chained(read([...all].reverse())));
  assert.ok(!chained(read(all.filter((_, at) => at !== 3))));
  for (let at = 0; at < 160; at += 1) {
    const changed = all.map((one) => Uint8Array.from(one));
    changed[2][at] ^= 1;
    assert.ok(!chained(read(changed)), `byte ${at}`);
  }
  assert.throws(() => readHeader(all[0].subarray(1)));
});
