// That one history continues another: RFC 9162 2.1.4.2, and headers of blocks that name each other.

import { Reader, equal, labelled, nodeHash, sha256 } from "../../../../verifier/src/bytes.ts";

/** The header of a block: docs/reference/ledger.md. State and history are those before it. */
export interface Header {
  height: bigint;
  parent: Uint8Array;
  timeMs: bigint;
  historySize: bigint;
  historyRoot: Uint8Array;
  digest: Uint8Array;
}

/** Reads the canonical bytes of a header; throws where they are not. */
export function readHeader(bytes: Uint8Array): Header {
  const reader = new Reader(bytes);
  const height = reader.u64();
  reader.u64();
  const parent = reader.take(32);
  const timeMs = reader.u64();
  reader.take(32);
  const historySize = reader.u64();
  const historyRoot = reader.take(32);
  reader.take(32);
  reader.end();
  const digest = labelled("salus/block/v1", bytes);
  return { height, parent, timeMs, historySize, historyRoot, digest };
}

/** Whether each block names the one before, one higher and later. */
export function chained(headers: Header[]): boolean {
  return headers.every((header, at) => {
    const before = headers[at - 1];
    return before === undefined || (header.height === before.height + 1n
      && header.timeMs > before.timeMs && header.historySize >= before.historySize
      && equal(header.parent, before.digest));
  });
}

export interface Tree {
  size: bigint;
  root: Uint8Array;
}

/** RFC 9162 2.1.4.2. */
export function continues(old: Tree, next: Tree, path: Uint8Array[]): boolean {
  if (old.size > next.size || path.some((hash) => hash.length !== 32)) return false;
  if (old.size === 0n) return path.length === 0 && equal(old.root, sha256(new Uint8Array()));
  if (old.size === next.size) return path.length === 0 && equal(old.root, next.root);
  const whole = (old.size & (old.size - 1n)) === 0n;
  const [first, ...rest] = whole ? [old.root, ...path] : path;
  if (first === undefined) return false;
  let [fn, sn] = [old.size - 1n, next.size - 1n];
  while ((fn & 1n) === 1n) {
    fn >>= 1n;
    sn >>= 1n;
  }
  let [fr, sr] = [first, first];
  for (const hash of rest) {
    if (sn === 0n) return false;
    if ((fn & 1n) === 1n || fn === sn) {
      fr = nodeHash(hash, fr);
      sr = nodeHash(hash, sr);
      while ((fn & 1n) === 0n && fn !== 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else {
      sr = nodeHash(sr, hash);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  return sn === 0n && equal(fr, old.root) && equal(sr, next.root);
}
