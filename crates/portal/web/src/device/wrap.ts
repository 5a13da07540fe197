// The wrappings of a seed, as `vault` makes them: under a passkey's secret, under a passphrase.

import { concat, encode, equal } from "../../../../../verifier/src/bytes.ts";
import { Writer, random } from "./bytes.ts";
import { Seed, derive } from "./seed.ts";

const NONCE = 12;
const MAGIC = encode("salus-seed-key-1");
const HEAD = 56;
const FILE = HEAD + 48;

// RFC 9106 section 4, second recommended option: the cost of a file of `salus patient`.
const MEMORY_KIB = 64 * 1024;
const PASSES = 3;
const LANES = 4;
// A file of somebody else's making must not hold the browser for long.
const MEMORY_KIB_MAX = 256 * 1024;
const PASSES_MAX = 16;
const LANES_MAX = 16;

/** What does not open with this key, or was changed. */
export class Sealed extends Error {}

type Bytes = Uint8Array<ArrayBuffer>;

async function cipher(key: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"]);
}

async function seal(key: Bytes, nonce: Bytes, name: Bytes, secret: Bytes): Promise<Bytes> {
  const form = { name: "AES-GCM", iv: nonce, additionalData: name };
  return new Uint8Array(await crypto.subtle.encrypt(form, await cipher(key), secret));
}

async function unseal(key: Bytes, nonce: Bytes, name: Bytes, sealed: Bytes): Promise<Bytes> {
  const form = { name: "AES-GCM", iv: nonce, additionalData: name };
  try {
    return new Uint8Array(await crypto.subtle.decrypt(form, await cipher(key), sealed));
  } catch {
    throw new Sealed();
  }
}

const named = (context: string): Bytes => new Uint8Array(encode(context));

/** `nonce (12) || AES-256-GCM` under what follows from the passkey's secret. */
export async function wrapDevice(seed: Seed, prf: Bytes, context: string): Promise<Bytes> {
  const [key, nonce] = [derive(prf, encode("patient/device-wrap")), random(NONCE)];
  const sealed = await seal(key, nonce, named(context), seed.reveal());
  key.fill(0);
  return new Uint8Array(concat(nonce, sealed));
}

export async function openDevice(prf: Bytes, context: string, wrapped: Bytes): Promise<Seed> {
  if (wrapped.length !== NONCE + 48) throw new Sealed();
  const key = derive(prf, encode("patient/device-wrap"));
  const nonce = wrapped.slice(0, NONCE);
  try {
    return Seed.of(await unseal(key, nonce, named(context), wrapped.slice(NONCE)));
  } finally {
    key.fill(0);
  }
}

async function stretched(passphrase: string, head: Bytes): Promise<Bytes> {
  const numbers = new DataView(head.buffer, head.byteOffset);
  const [m, t, p] = [numbers.getUint32(16), numbers.getUint32(20), numbers.getUint32(24)];
  if (m > MEMORY_KIB_MAX || t > PASSES_MAX || p > LANES_MAX) throw new Sealed();
  const text = encode(passphrase);
  // A bundle of its own, beside this one.
  const { stretch } = await import("./passphrase.js");
  try {
    return new Uint8Array(await stretch(text, head.slice(28, 44), { m, t, p }));
  } finally {
    text.fill(0);
  }
}

/** The seed file of `salus patient`, which opens there too. */
export async function sealFile(seed: Seed, passphrase: string): Promise<Bytes> {
  const [salt, nonce] = [random(16), random(NONCE)];
  const writer = new Writer().fixed(MAGIC).u32(MEMORY_KIB).u32(PASSES).u32(LANES);
  const head = new Uint8Array(writer.fixed(salt).fixed(nonce).bytes());
  const key = await stretched(passphrase, head);
  const sealed = await seal(key, nonce, head, seed.reveal());
  key.fill(0);
  return new Uint8Array(concat(head, sealed));
}

export async function openFile(file: Bytes, passphrase: string): Promise<Seed> {
  const head = file.slice(0, HEAD);
  if (file.length !== FILE || !equal(head.subarray(0, 16), MAGIC)) throw new Sealed();
  const key = await stretched(passphrase, head);
  try {
    return Seed.of(await unseal(key, head.slice(44), head, file.slice(HEAD)));
  } finally {
    key.fill(0);
  }
}
