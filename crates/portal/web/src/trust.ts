// The trust files that this browser keeps: whom it believes about each ledger.
//
// The first one is taken as it comes. A later one is not: nothing in a trust file proves that the
// validators before chose those after, so a person compares the fingerprint and accepts it. The
// former ones stay, because they go on verifying the receipts of their time (receipts.md).

import { encode, hex, sha256 } from "../../../../verifier/src/bytes.ts";
import { Policy } from "../../../../verifier/src/policy.ts";

const PREFIX = "salus-trust ";
const FILES_MAX = 16;
const BYTES_MAX = 1 << 20;

/** The fingerprint of a trust file. */
export function fingerprint(file: string): string {
  return hex(sha256(encode(file)));
}

/** The trust files kept for a ledger, the newest first. */
export function kept(origin: string): string[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(PREFIX + origin) ?? "[]");
    return Array.isArray(list) ? list.filter((it) => typeof it === "string") : [];
  } catch {
    // Storage can be refused or hold what somebody else wrote: then nothing is kept.
    return [];
  }
}

/** Every trust file that is kept, of whichever ledger. */
export function everything(): string[] {
  try {
    const names = Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));
    return names.flatMap((name) => kept(name.slice(PREFIX.length)));
  } catch {
    return [];
  }
}

/** Keeps a trust file that somebody accepted, or the first one. */
export function keep(origin: string, file: string): void {
  const others = kept(origin).filter((it) => it !== file);
  const list = [file, ...others].slice(0, FILES_MAX);
  try {
    localStorage.setItem(PREFIX + origin, JSON.stringify(list));
  } catch {
    // Without storage each page begins anew; what it verifies is true all the same.
  }
}

/** The ledgers that a trust file names. */
export function origins(file: string): string[] {
  if (file.length > BYTES_MAX) throw new Error("longer than 1 MiB");
  return [...new Set(Policy.parse(encode(file)).logs.map((log) => log.name))];
}
