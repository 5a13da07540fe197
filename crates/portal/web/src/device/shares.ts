// The recovery split: three shares, any two give the seed back, one says nothing.
//
// As `vault::seed::recovery` makes them, so that the command line reads what a browser printed.

import { equal } from "../../../../../verifier/src/bytes.ts";
import { random } from "./bytes.ts";
import { Seed } from "./seed.ts";

const LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const PREFIX = "salus";
const CHARACTERS = 83;
const TEXT_MAX = 256;
const SHARED = 40;
const VERSION = 1;

export interface Share {
  set: Uint8Array;
  number: number;
  value: Uint8Array;
}

/** Why a text is no share, or why shares give no seed; a page has words for each. */
export class Unusable extends Error {
  constructor(readonly reason: "length" | "typo" | "version" | "count" | "mixed" | "twice" | "wrong") {
    super(reason);
  }
}

/** The product in the field of AES (FIPS 197 4.2), without branches on what is secret. */
function times(left: number, right: number): number {
  let product = 0;
  for (let bit = 0; bit < 8; bit += 1) {
    product ^= left & -((right >> bit) & 1);
    left = ((left << 1) & 0xff) ^ (-(left >> 7) & 0x1b);
  }
  return product;
}

/** The inverse is the 254th power. */
function inverse(value: number): number {
  let result = 1;
  let square = value;
  for (let round = 1; round < 8; round += 1) {
    square = times(square, square);
    result = times(result, square);
  }
  return result;
}

/** A new set of three shares. */
export function split(seed: Seed, set = random(3), slope = random(SHARED)): Share[] {
  const shared = new Uint8Array(SHARED);
  shared.set(seed.reveal());
  shared.set(seed.check(set), 32);
  const shares = [1, 2, 3].map((number) => {
    const value = shared.map((byte, at) => byte ^ times(slope[at]!, number));
    return { set, number, value };
  });
  shared.fill(0);
  slope.fill(0);
  return shares;
}

/** The seed of two or three shares of one set. */
export function recover(shares: Share[]): Seed {
  const [first, second, third, ...more] = shares;
  if (first === undefined || second === undefined || more.length > 0) throw new Unusable("count");
  if (!shares.every((it) => equal(it.set, first.set))) throw new Unusable("mixed");
  if (new Set(shares.map((it) => it.number)).size < shares.length) throw new Unusable("twice");
  const secret = at(0, first, second);
  const seed = Seed.of(secret.slice(0, 32));
  const good = equal(seed.check(first.set), secret.subarray(32))
    && (third === undefined || equal(at(third.number, first, second), third.value));
  secret.fill(0);
  if (good) return seed;
  seed.wipe();
  throw new Unusable("wrong");
}

/** The line through two shares, at a place. */
function at(place: number, first: Share, second: Share): Uint8Array<ArrayBuffer> {
  const run = inverse(first.number ^ second.number);
  const ofFirst = times(place ^ second.number, run);
  const ofSecond = times(place ^ first.number, run);
  const value = new Uint8Array(SHARED);
  for (let byte = 0; byte < SHARED; byte += 1) {
    value[byte] = times(first.value[byte]!, ofFirst) ^ times(second.value[byte]!, ofSecond);
  }
  return value;
}

/** BIP 350. */
function polymod(values: number[]): number {
  const generator = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
  let check = 1;
  for (const value of values) {
    const top = check >>> 25;
    check = ((check & 0x1ffffff) << 5) ^ value;
    for (let bit = 0; bit < 5; bit += 1) if ((top >> bit) & 1) check ^= generator[bit]!;
  }
  return check;
}

const BECH32M = 0x2bc830a3;
const EXPANDED = [
  ...[...PREFIX].map((letter) => letter.charCodeAt(0) >> 5), 0,
  ...[...PREFIX].map((letter) => letter.charCodeAt(0) & 31),
];

/** Bits in groups of another size, the last one filled up with zeros. */
function regroup(values: Iterable<number>, from: number, to: number): number[] {
  const out: number[] = [];
  let [held, bits] = [0, 0];
  for (const value of values) {
    held = (held << from) | value;
    bits += from;
    while (bits >= to) {
      bits -= to;
      out.push((held >> bits) & ((1 << to) - 1));
    }
    held &= (1 << bits) - 1;
  }
  if (to < from && bits > 0) out.push((held << (to - bits)) & ((1 << to) - 1));
  return out;
}

/** A share to print: Bech32m in groups of four. */
export function toText({ set, number, value }: Share): string {
  const bytes = [(VERSION << 4) | number, ...set, ...value];
  const data = regroup(bytes, 8, 5);
  const check = polymod([...EXPANDED, ...data, 0, 0, 0, 0, 0, 0]) ^ BECH32M;
  for (let at = 0; at < 6; at += 1) data.push((check >>> (5 * (5 - at))) & 31);
  const letters = data.map((value) => LETTERS[value]).join("");
  return `${PREFIX}1${letters.replace(/.{1,4}/g, "-$&")}`;
}

/** A share however it is typed: capitals, spaces and dashes do not matter. */
export function fromText(text: string): Share {
  const plain = text.length > TEXT_MAX ? "" : text.replace(/[\s-]/g, "");
  if (plain.length !== CHARACTERS) throw new Unusable("length");
  const lower = plain.toLowerCase();
  if (plain !== lower && plain !== plain.toUpperCase()) throw new Unusable("typo");
  const data = [...lower.slice(PREFIX.length + 1)].map((letter) => LETTERS.indexOf(letter));
  const framed = lower.startsWith(`${PREFIX}1`) && !data.includes(-1);
  if (!framed || polymod([...EXPANDED, ...data]) !== BECH32M) throw new Unusable("typo");
  const values = data.slice(0, -6);
  if (((values.at(-1) ?? 0) & 7) !== 0) throw new Unusable("typo");
  const bytes = Uint8Array.from(regroup(values, 5, 8)).slice(0, 44);
  const number = bytes[0]! & 15;
  if (bytes[0]! >> 4 !== VERSION) throw new Unusable("version");
  if (number < 1 || number > 3) throw new Unusable("typo");
  return { number, set: bytes.slice(1, 4), value: bytes.slice(4) };
}
