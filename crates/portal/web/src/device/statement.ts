// What a patient signs: the canonical bytes of one act (docs/reference/keys.md, Statements).

import {
  Malformed, Reader, commitment, concat, encode, hex, labelled, sha256,
} from "../../../../../verifier/src/bytes.ts";
import { canonical } from "../../../../../verifier/src/json.ts";
import { Writer } from "./bytes.ts";
import type { Json } from "./coding.ts";
import { policyDigest } from "./terms.ts";

const VERSION = 1;
const RECIPIENTS_MAX = 16;
const GRANTS_MAX = 64;
const SLUG = /^[a-z0-9-]{1,32}$/;
const ID = /^[A-Za-z0-9.-]{1,64}$/;

export interface Consenting {
  kind: "consent";
  consent: string;
  body: Uint8Array;
  recipients: string[];
  recipientsKey: Uint8Array;
  policyKey: Uint8Array;
  from: number;
  until: number;
  custodial: boolean;
}

export type Act =
  | Consenting
  | { kind: "withdraw"; consent: string; grants: Uint8Array[] }
  | { kind: "code"; organisation: string }
  | { kind: "accept"; delegator: Uint8Array; until: number };

export interface Statement {
  bytes: Uint8Array;
  id: Uint8Array;
  chain: Uint8Array;
  home: string;
  patient: string;
  untilMs: bigint;
  delegation: Uint8Array | null;
  act: Act;
}

function flag(reader: Reader): boolean {
  const value = reader.u8();
  if (value > 1) throw new Malformed("a flag that is none");
  return value === 1;
}

function list<T>(reader: Reader, max: number, read: () => T): T[] {
  const count = reader.u32();
  if (count > max) throw new Malformed("a list is over its bound");
  return Array.from({ length: count }, read);
}

/** Reads the bytes; every other byte string than the one of a statement is refused. */
export function readStatement(bytes: Uint8Array): Statement {
  const reader = new Reader(bytes);
  const [version, act] = [reader.u8(), reader.u8()];
  if (version !== VERSION) throw new Malformed("another version");
  const [id, chain] = [reader.take(32), reader.take(32)];
  const [home, patient] = [reader.text(32, SLUG), reader.text(64, ID)];
  const untilMs = reader.u64();
  const delegation = flag(reader) ? reader.take(32) : null;
  const statement = { bytes, id, chain, home, patient, untilMs, delegation, act: readAct(act, reader) };
  reader.end();
  return statement;
}

function readAct(act: number, reader: Reader): Act {
  switch (act) {
    case 1:
      return consenting(reader);
    case 2: {
      const consent = reader.text(64, ID);
      return { kind: "withdraw", consent, grants: list(reader, GRANTS_MAX, () => reader.take(32)) };
    }
    case 3:
      return { kind: "code", organisation: reader.text(32, SLUG) };
    case 4:
      return { kind: "accept", delegator: reader.take(32), until: reader.u32() };
    default:
      throw new Malformed("an act that is none");
  }
}

function consenting(reader: Reader): Consenting {
  const [consent, body] = [reader.text(64, ID), reader.take(32)];
  const recipients = list(reader, RECIPIENTS_MAX, () => reader.text(32, SLUG));
  // Slugs are ASCII: this order is that of their bytes.
  if (recipients.some((name, at) => at > 0 && recipients[at - 1]! >= name)) {
    throw new Malformed("recipients out of order");
  }
  const [recipientsKey, policyKey] = [reader.take(32), reader.take(32)];
  const [from, until, custodial] = [reader.u32(), reader.u32(), flag(reader)];
  return { kind: "consent", consent, body, recipients, recipientsKey, policyKey, from, until, custodial };
}

/** What the consent key signs: the bytes, and the value that the signer derived. */
export function message(statement: Statement, derived: Uint8Array | null): Uint8Array {
  const bytes = concat(statement.bytes, derived ?? new Uint8Array());
  return labelled("salus/patient-consent/v1", statement.chain, bytes);
}

/** A Consent as it is signed: with this id and without `meta`, which is the server's. */
export function asSigned(consent: Json, id: string): Json {
  const { meta: _, ...rest } = consent as { [name: string]: Json };
  return { ...rest, id };
}

/** The digest of a Consent as it is signed. */
export function bodyDigest(consent: Json, id: string): Uint8Array {
  return sha256(encode(canonical(JSON.stringify(asSigned(consent, id)))));
}

export function recipientsDigest(names: string[]): Uint8Array {
  return labelled("salus/recipients/v1", ...names.map(encode));
}

/** What the authority of a grant signs; null for a refusal, which no ledger hears of. */
export function grantMessage(
  statement: Statement, consent: Json, authority: Uint8Array,
): Uint8Array | null {
  const { act: of } = statement;
  if (of.kind !== "consent" || of.recipients.length === 0) return null;
  const policy = policyDigest(asSigned(consent, of.consent), of.consent);
  const body = new Writer()
    .fixed(statement.id)
    .fixed(authority)
    .fixed(commitment(of.recipientsKey, recipientsDigest(of.recipients)))
    .fixed(commitment(of.policyKey, policy))
    .u32(of.from)
    .u32(of.until)
    .bool(of.custodial);
  return labelled("salus/grant/v1", statement.chain, encode(statement.home), body.bytes());
}

/** What the authority of a grant signs to end it. */
export function revokeMessage(statement: Statement, grant: Uint8Array): Uint8Array {
  return labelled("salus/revoke/v1", statement.chain, grant);
}

/** What a delegate signs to accept. */
export function delegateMessage(statement: Statement, delegate: Uint8Array): Uint8Array | null {
  const { act: of } = statement;
  if (of.kind !== "accept") return null;
  const body = new Writer().fixed(statement.id).fixed(of.delegator).fixed(delegate).u32(of.until);
  return labelled("salus/delegate/v1", statement.chain, encode(statement.home), body.bytes());
}

export const nameOf = (id: Uint8Array): string => hex(id);
