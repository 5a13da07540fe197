// Canonical bytes and hashes: docs/reference/encoding.md.

import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";

export { sha256 };

const utf8 = new TextEncoder();

export function encode(text: string): Uint8Array {
  return utf8.encode(text);
}

/** Strict UTF-8; a byte order mark is text like any other. */
export function decode(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Canonical base64: padding and zero trailing bits, or null. */
export function base64(text: string): Uint8Array | null {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) return null;
  let raw: string;
  try {
    raw = atob(text);
  } catch {
    return null;
  }
  if (btoa(raw) !== text) return null;
  return Uint8Array.from(raw, (letter) => letter.charCodeAt(0));
}

function u64(value: number): Uint8Array {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt(value));
  return out;
}

/** `hash(label, parts...)` of encoding.md. */
export function labelled(label: string, ...parts: Uint8Array[]): Uint8Array {
  const name = encode(label);
  const all = [Uint8Array.of(name.length), name];
  for (const part of parts) all.push(u64(part.length), part);
  return sha256(concat(...all));
}

/** `commit(key, digest)` of encoding.md. */
export function commitment(key: Uint8Array, digest: Uint8Array): Uint8Array {
  const label = encode("salus/commitment/v1");
  return hmac(sha256, key, concat(Uint8Array.of(label.length), label, digest));
}

/** RFC 9162 2.1. */
export function leafHash(data: Uint8Array): Uint8Array {
  return sha256(concat(Uint8Array.of(0), data));
}

/** RFC 9162 2.1. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(concat(Uint8Array.of(1), left, right));
}

/** Not canonical. */
export class Malformed extends Error {}

/** Reads canonical bytes from front to end. */
export class Reader {
  at = 0;
  constructor(readonly bytes: Uint8Array) {}

  take(count: number): Uint8Array {
    if (this.bytes.length - this.at < count) throw new Malformed("it ends early");
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  u8(): number {
    return this.take(1)[0]!;
  }

  u32(): number {
    const part = this.take(4);
    return new DataView(part.buffer, part.byteOffset).getUint32(0);
  }

  u64(): bigint {
    const part = this.take(8);
    return new DataView(part.buffer, part.byteOffset).getBigUint64(0);
  }

  blob(max: number): Uint8Array {
    const length = this.u32();
    if (length > max) throw new Malformed("a length is over its bound");
    return this.take(length);
  }

  text(max: number, form: RegExp): string {
    const bytes = this.blob(max);
    let text: string;
    try {
      text = decode(bytes);
    } catch {
      throw new Malformed("a text is not UTF-8");
    }
    if (!form.test(text)) throw new Malformed("a text has another form");
    return text;
  }

  end(): void {
    if (this.at !== this.bytes.length) throw new Malformed("bytes are left over");
  }
}
