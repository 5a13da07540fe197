// A patient's seed and what follows from it, as `vault::seed` derives it: docs/reference/keys.md.

import { getPublicKey, hashes, sign } from "@noble/ed25519";
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";

import { concat, encode } from "../../../../../verifier/src/bytes.ts";
import { Writer, random } from "./bytes.ts";

hashes.sha512 = sha512;

const SALT = encode("salus/keys/v1");

/** HKDF-SHA-256 of a 32-byte secret; what `vault::keys::derive` is. */
export function derive(secret: Uint8Array, ...info: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(hkdf(sha256, secret, SALT, concat(...info), 32));
}

/** HMAC-SHA-256 over the parts, each with its length before it. */
export function mark(key: Uint8Array, label: string, ...parts: Uint8Array[]): Uint8Array {
  const writer = new Writer();
  for (const part of [encode(label), ...parts]) writer.u64(BigInt(part.length)).fixed(part);
  return hmac(sha256, key, writer.bytes());
}

/** An Ed25519 key that lives as long as one act. */
export class SigningKey {
  private constructor(private readonly seed: Uint8Array) {}

  /** Does something with a key, and wipes it. */
  static with<T>(seed: Uint8Array, act: (key: SigningKey) => T): T {
    try {
      return act(new SigningKey(seed));
    } finally {
      seed.fill(0);
    }
  }

  get public(): Uint8Array {
    return getPublicKey(this.seed);
  }

  sign(message: Uint8Array): Uint8Array {
    return sign(message, this.seed);
  }
}

/** The seed of one patient; wiped by whoever opened it. */
export class Seed {
  private constructor(private readonly bytes: Uint8Array<ArrayBuffer>) {
    if (bytes.length !== 32) throw new Error("a seed has 32 bytes");
  }

  static random(): Seed {
    return new Seed(random(32));
  }

  /** Takes the bytes over: they are wiped with the seed. */
  static of(bytes: Uint8Array<ArrayBuffer>): Seed {
    return new Seed(bytes);
  }

  wipe(): void {
    this.bytes.fill(0);
  }

  /** For wrapping and for shares only. */
  reveal(): Uint8Array<ArrayBuffer> {
    return this.bytes;
  }

  private key(label: string, id?: Uint8Array): Uint8Array {
    return derive(this.bytes, encode(label), ...(id === undefined ? [] : [id]));
  }

  /** With the key that signs the patient's consents. */
  consenting<T>(act: (key: SigningKey) => T): T {
    return SigningKey.with(this.key("patient/consent-signing"), act);
  }

  /** With the one-time key that alone revokes a grant. */
  authority<T>(grant: Uint8Array, act: (key: SigningKey) => T): T {
    return SigningKey.with(this.key("patient/grant/", grant), act);
  }

  /** With the one-time key by which this patient lets somebody act. */
  delegator<T>(delegation: Uint8Array, act: (key: SigningKey) => T): T {
    return SigningKey.with(this.key("patient/delegation/", delegation), act);
  }

  /** With the one-time key with which this patient acts for another one. */
  delegate<T>(delegation: Uint8Array, act: (key: SigningKey) => T): T {
    return SigningKey.with(this.key("patient/delegate/", delegation), act);
  }

  /** The X-Wing decapsulation key. */
  xWing(): Uint8Array {
    return this.key("patient/x-wing");
  }

  /** What this patient is called at an organisation. */
  pseudonym(organisation: string): Uint8Array {
    const linkage = this.key("patient/linkage");
    const found = mark(linkage, "patient/pseudonym", encode(organisation));
    linkage.fill(0);
    return found;
  }

  /** The check in a set of recovery shares. */
  check(set: Uint8Array): Uint8Array {
    const key = this.key("patient/recovery-check");
    const found = mark(key, "patient/recovery-check", set).slice(0, 8);
    key.fill(0);
    return found;
  }
}
