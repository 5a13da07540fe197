// The judgement of a receipt: docs/reference/receipts.md, Verification.

import { hashes, verify as ed25519 } from "@noble/ed25519";
import { sha512 } from "@noble/hashes/sha2.js";

import {
  Malformed, Reader, base64, commitment, concat, decode, encode, equal, hex, labelled, leafHash,
  nodeHash, sha256,
} from "./bytes.ts";
import { canonical } from "./json.ts";
import { type Key, Policy, isKeyName } from "./policy.ts";

hashes.sha512 = sha512;

const FORMAT = "c2sp.org/tlog-proof@v1";
const RECEIPT_MAX = 1 << 20;
const PATH_MAX = 64;
const LINES_MAX = 1024;
const ENTRY_MAX = 262_346;
const SLUG = /^[a-z0-9-]{1,32}$/;

/** Why a receipt is not valid; the codes are those of docs/reference/receipts.md. */
export class Invalid extends Error {
  constructor(readonly code: string, reason: string) {
    super(reason);
  }
}

export interface Verified {
  organisation: string;
  type: string;
  id: string;
  version: bigint;
  timeUs: bigint;
  action: number;
  body: string;
  height: bigint;
  timeMs: bigint;
  sender: string;
  cosigners: string[];
}

interface Line {
  name: string;
  id: string;
  signature: Uint8Array;
}

// ZIP-215, and no other rule: docs/reference/encoding.md, Signatures.
function signed(signature: Uint8Array, message: Uint8Array, key: Uint8Array): boolean {
  try {
    return ed25519(signature, message, key, { zip215: true });
  } catch {
    return false;
  }
}

/** Judges a receipt, and that the record, if one is given, is the one committed to. */
export function verify(file: Uint8Array, policy: Policy, record?: Uint8Array): Verified {
  const receipt = parse(file);
  const opening = readOpening(receipt.extra);
  const [text, lines] = readNote(receipt.note);
  const checkpoint = readCheckpoint(text);
  const cosigners = checkSignatures(text, lines, checkpoint.origin, policy);
  checkHistory(leafHash(opening.entry), receipt.index, checkpoint, receipt.path);
  const entry = checkEntry(opening, checkpoint.origin);
  if (record !== undefined) checkRecord(record, opening.event.body);
  return { ...opening.event, ...entry, body: hex(opening.event.body), cosigners };
}

function parse(file: Uint8Array) {
  if (file.length > RECEIPT_MAX) throw new Invalid("unusable", "longer than any receipt");
  const loose = new TextDecoder().decode(file);
  if (!loose.startsWith(FORMAT) && !(loose.includes("\nindex ") && loose.includes("\n— "))) {
    throw new Invalid("unusable", "not a receipt");
  }
  const malformed = (reason: string) => new Invalid("malformed", reason);
  let text: string;
  try {
    text = decode(file);
  } catch {
    throw malformed("it is not UTF-8");
  }
  const split = text.indexOf("\n\n");
  if (split < 0) throw malformed("it ends early");
  const [format, extra, index, ...path] = text.slice(0, split).split("\n");
  if (format !== FORMAT) throw malformed("it has another format line");
  if (!extra?.startsWith("extra ")) throw malformed("the extra line is missing");
  if (!index?.startsWith("index ")) throw malformed("the index line is missing");
  if (path.length > PATH_MAX) throw malformed("the inclusion path is too long");
  const bytes = base64(extra.slice(6));
  const place = decimal(index.slice(6));
  if (bytes === null || place === null) throw malformed("the extra or index line is not usable");
  const hashes = path.map((line) => {
    const hash = base64(line);
    if (hash?.length !== 32) throw malformed("a line of the path is no hash");
    return hash;
  });
  return { extra: bytes, index: place, path: hashes, note: text.slice(split + 2) };
}

function decimal(text: string): bigint | null {
  if (!/^(0|[1-9][0-9]{0,19})$/.test(text)) return null;
  const value = BigInt(text);
  return value < 1n << 64n ? value : null;
}

function readOpening(bytes: Uint8Array) {
  try {
    const reader = new Reader(bytes);
    const begin = reader.at;
    if (reader.u8() !== 1) throw new Malformed("an unknown kind of event");
    const event = {
      organisation: reader.text(32, SLUG),
      type: reader.text(64, /^[A-Za-z0-9]+$/),
      id: reader.text(64, /^[A-Za-z0-9.-]+$/),
      version: reader.u64(),
      timeUs: reader.u64(),
      action: reader.u8(),
      body: reader.take(32),
    };
    if (event.version === 0n || event.action < 1 || event.action > 3) {
      throw new Malformed("a version or an action that is none");
    }
    const digest = labelled("salus/event/v1", bytes.subarray(begin, reader.at));
    const key = reader.take(32);
    const count = reader.u32();
    if (count > PATH_MAX) throw new Malformed("the path in the batch is too long");
    const path: { right: boolean; sibling: Uint8Array }[] = [];
    for (let at = 0; at < count; at += 1) {
      const side = reader.u8();
      if (side > 1) throw new Malformed("a side that is none");
      path.push({ right: side === 1, sibling: reader.take(32) });
    }
    const entry = reader.blob(ENTRY_MAX);
    reader.end();
    return { event, digest, key, path, entry };
  } catch (error) {
    throw new Invalid("malformed", `extra: ${(error as Error).message}`);
  }
}

export function readNote(note: string): [string, Line[]] {
  const malformed = (reason: string) => new Invalid("malformed", reason);
  if (/[\u0000-\u0009\u000b-\u001f]/.test(note)) throw malformed("a control character");
  const at = note.lastIndexOf("\n\n");
  if (at < 1 || !note.endsWith("\n")) throw malformed("not a signed note");
  const rows = note.slice(at + 2, -1).split("\n");
  if (note.length === at + 2 || rows.length > LINES_MAX) throw malformed("not a signed note");
  const lines = rows.map((row) => {
    const parts = row.startsWith("— ") ? row.slice(2).split(" ") : [];
    const bytes = parts.length === 2 ? base64(parts[1]!) : null;
    if (bytes === null || bytes.length < 4 || !isKeyName(parts[0]!)) {
      throw malformed("not a signature line");
    }
    return { name: parts[0]!, id: hex(bytes.subarray(0, 4)), signature: bytes.subarray(4) };
  });
  return [note.slice(0, at + 1), lines];
}

export function readCheckpoint(text: string) {
  const [origin, size, root, end, ...more] = text.split("\n");
  const count = decimal(size ?? "");
  const hash = base64(root ?? "");
  if (!origin || count === null || hash?.length !== 32 || end !== "" || more.length > 0) {
    throw new Invalid("malformed", "not a checkpoint");
  }
  return { origin, size: count, root: hash };
}

export function checkSignatures(text: string, lines: Line[], origin: string, policy: Policy): string[] {
  if (!policy.logs.some((log) => log.name === origin)) {
    throw new Invalid("origin", "the trust file does not name this log");
  }
  const fault = (reason: string) => new Invalid("signatures", reason);
  const claims = (key: Key, line: Line) => key.name === line.name && key.id === line.id;
  const rank = (line: Line) => [line.name === origin ? 0 : 1, line.name, line.id] as const;
  for (let at = 1; at < lines.length; at += 1) {
    if (!before(rank(lines[at - 1]!), rank(lines[at]!))) throw fault("a line is out of order");
  }
  const [first, ...others] = lines;
  const log = policy.logs.find((key) => claims(key, first!));
  if (log?.name !== origin || !signed(first!.signature, encode(text), log.key)) {
    throw fault("the line of the log is not valid");
  }
  for (const line of others) {
    const witness = policy.witnesses.find((key) => claims(key, line));
    if (witness === undefined || line.signature.length !== 72) {
      throw fault(`${line.name} is no cosigner of the trust file`);
    }
    const time = new Reader(line.signature).u64();
    // C2SP tlog-cosignature: at most 2^63 - 1.
    const message = encode(`cosignature/v1\ntime ${time}\n${text}`);
    if (time >> 63n !== 0n || !signed(line.signature.subarray(8), message, witness.key)) {
      throw fault(`the line of ${line.name} is not valid`);
    }
  }
  if (!policy.isQuorum((key) => others.some((line) => claims(key, line)))) {
    throw new Invalid("quorum", `${others.length} cosigners are too few`);
  }
  return others.map((line) => line.name);
}

/** The order of Rust's strings is that of their UTF-8 bytes. */
function before(one: readonly [number, string, string], other: readonly [number, string, string]) {
  if (one[0] !== other[0]) return one[0] < other[0];
  const [a, b] = [hex(encode(one[1])), hex(encode(other[1]))];
  return a === b ? one[2] < other[2] : a < b;
}

/** RFC 9162 2.1.3.2. */
function checkHistory(
  leaf: Uint8Array, index: bigint, tree: { size: bigint; root: Uint8Array }, path: Uint8Array[],
): void {
  const fault = () => new Invalid("history", "the entry is not at this place of the history");
  if (index >= tree.size) throw fault();
  let [fn, sn, hash] = [index, tree.size - 1n, leaf];
  for (const sibling of path) {
    if (sn === 0n) throw fault();
    if ((fn & 1n) === 1n || fn === sn) {
      hash = nodeHash(sibling, hash);
      while ((fn & 1n) === 0n && fn !== 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  if (sn !== 0n || !equal(hash, tree.root)) throw fault();
}

function checkEntry(opening: ReturnType<typeof readOpening>, origin: string) {
  const fault = (reason: string) => new Invalid("entry", reason);
  const reader = new Reader(opening.entry);
  let entry;
  try {
    entry = {
      height: reader.u64(), timeMs: reader.u64(), organisation: reader.text(32, SLUG),
      begin: reader.at, version: reader.u8(), kind: reader.u8(), chain: reader.take(32),
      sender: reader.take(32), sequence: reader.u64(), expires: reader.u64(),
      body: reader.blob(491_520), signedTo: reader.at, signature: reader.take(64),
    };
    reader.end();
  } catch {
    throw fault("it is not canonical");
  }
  if (entry.version !== 1) throw fault("it is not canonical");
  if (`salus/${hex(entry.chain).slice(0, 16)}` !== origin) throw fault("it is of another ledger");
  if (entry.kind !== 1) throw fault("it is not a batch");
  if (entry.body.length !== 72) throw fault("its batch is not canonical");
  const label = encode("salus/transaction/v1");
  const message = concat(
    Uint8Array.of(label.length), label, opening.entry.subarray(entry.begin, entry.signedTo),
  );
  if (!signed(entry.signature, message, entry.sender)) throw fault("its signature is not valid");
  if (entry.organisation !== opening.event.organisation) {
    throw fault("it is of another organisation than the event");
  }
  let hash = leafHash(commitment(opening.key, opening.digest));
  for (const { right, sibling } of opening.path) {
    hash = right ? nodeHash(hash, sibling) : nodeHash(sibling, hash);
  }
  // A path without a sibling on the left is that of leaf 0, the blinding.
  const left = opening.path.some((step) => !step.right);
  if (!left || !equal(hash, entry.body.subarray(40))) {
    throw new Invalid("event", "the event is not in the batch");
  }
  return { height: entry.height, timeMs: entry.timeMs, sender: hex(entry.sender) };
}

function checkRecord(record: Uint8Array, body: Uint8Array): void {
  let form: string;
  try {
    form = canonical(decode(record));
  } catch (error) {
    const text = new TextDecoder().decode(record).trim();
    if (text.startsWith("{") || text.endsWith("}")) {
      throw new Invalid("record", "the record is damaged");
    }
    throw new Invalid("unusable", `the record is not JSON: ${(error as Error).message}`);
  }
  if (!equal(sha256(encode(form)), body)) throw new Invalid("record", "the record is another one");
}
