// Canonical bytes, written: docs/reference/encoding.md. Read by the verifier's `Reader`.

import { concat, encode } from "../../../../../verifier/src/bytes.ts";

export class Writer {
  private readonly parts: Uint8Array[] = [];

  private number(value: bigint, length: number): this {
    const out = new Uint8Array(length);
    for (let at = length - 1; at >= 0; at -= 1) {
      out[at] = Number(value & 255n);
      value >>= 8n;
    }
    this.parts.push(out);
    return this;
  }

  u8(value: number): this {
    return this.number(BigInt(value), 1);
  }

  u32(value: number): this {
    return this.number(BigInt(value), 4);
  }

  u64(value: bigint): this {
    return this.number(value, 8);
  }

  bool(value: boolean): this {
    return this.u8(value ? 1 : 0);
  }

  fixed(value: Uint8Array): this {
    this.parts.push(value);
    return this;
  }

  /** One byte of length, and that many of UTF-8. */
  short(text: string): this {
    const bytes = encode(text);
    if (bytes.length > 255) throw new Error("a text is longer than 255 bytes");
    return this.u8(bytes.length).fixed(bytes);
  }

  bytes(): Uint8Array {
    return concat(...this.parts);
  }
}

export function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

export function fromHex(text: string): Uint8Array {
  if (!/^([0-9a-f]{2})*$/.test(text)) throw new Error("not hexadecimal");
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export function random(length: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(length));
}
