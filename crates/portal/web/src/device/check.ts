// What a device makes sure of before it signs: what `salus patient` does. It believes nothing that
// a server says. Each refusal has a name, for which the page has words.

import { base64, equal, hex } from "../../../../../verifier/src/bytes.ts";
import { asked } from "./asked.ts";
import type { Json } from "./coding.ts";
import type { Facts } from "./kept.ts";
import { type Statement, bodyDigest, readStatement } from "./statement.ts";

/** A preparation lives ten minutes; clocks differ. */
const LIFE_MS_MAX = 3_600_000;
const HOUR_MS = 3_600_000;

export class NotSigned extends Error {
  constructor(readonly reason: string) {
    super(reason);
  }
}

/** What somebody asked for, against which the statement is held. */
export type Asked =
  | { kind: "consent"; consent: Json }
  | { kind: "withdraw"; consent: string }
  | { kind: "code"; organisation: string }
  | { kind: "accept" };

/** Reads a statement, and compares whom it is about and what it does with what was asked for. */
export function checked(
  facts: Facts, patient: string, text: unknown, wanted: Asked, nowMs: number,
): Statement {
  const bytes = typeof text === "string" ? base64(text) : null;
  if (bytes === null) throw new NotSigned("form");
  let statement: Statement;
  try {
    statement = readStatement(bytes);
  } catch {
    throw new NotSigned("form");
  }
  const delegation = wanted.kind === "accept" ? null : delegationOf(facts, patient);
  const until = Number(statement.untilMs);
  const differs: [boolean, string][] = [
    [hex(statement.chain) !== facts.chain, "ledger"],
    [statement.home !== facts.organisation, "organisation"],
    [statement.patient !== patient, "patient"],
    [hex(statement.delegation ?? new Uint8Array()) !== (delegation ?? ""), "delegation"],
    [until < nowMs, "past"],
    [until > nowMs + LIFE_MS_MAX, "ahead"],
    [statement.act.kind !== wanted.kind, "act"],
  ];
  const found = differs.find(([differ]) => differ);
  if (found !== undefined) throw new NotSigned(found[1]);
  if (wanted.kind === "consent") gives(statement, wanted.consent, nowMs);
  if (wanted.kind === "withdraw") withdraws(facts, statement, wanted.consent);
  if (wanted.kind === "code") codes(statement, wanted.organisation);
  return statement;
}

/** The delegation on the ledger under which this device signs for somebody else. */
function delegationOf(facts: Facts, patient: string): string | null {
  if (patient === facts.patient) return null;
  const known = facts.delegations.find((it) => it.patient === patient);
  if (known === undefined) throw new NotSigned("not-accepted");
  return known.delegation;
}

/** Whether it gives exactly the Consent that was asked for. */
function gives(statement: Statement, consent: Json, nowMs: number): void {
  const { act: of } = statement;
  if (of.kind !== "consent") throw new NotSigned("act");
  if (!equal(bodyDigest(consent, of.consent), of.body)) throw new NotSigned("consent");
  // A delegate signs for a patient whose seed the organisation keeps, and for no other.
  if (of.custodial !== (statement.delegation !== null)) throw new NotSigned("custodial");
  const now = asked(consent, statement.patient, nowMs);
  if (now.recipients.join() !== of.recipients.join()) throw new NotSigned("recipients");
  // An hour may begin between the server's look at the clock and ours.
  const hours = [nowMs, nowMs - HOUR_MS, nowMs + HOUR_MS].some((at) => {
    try {
      const { from, until } = asked(consent, statement.patient, at);
      return from === of.from && until === of.until;
    } catch {
      return false;
    }
  });
  if (!hours) throw new NotSigned("hours");
}

/** Whether it withdraws exactly this consent. */
function withdraws(facts: Facts, { act: of }: Statement, consent: string): void {
  if (of.kind !== "withdraw" || of.consent !== consent) throw new NotSigned("consent");
  // What another device or the organisation gave before is not known here.
  const known = facts.grants.find((it) => it.consent === consent);
  if (known === undefined) return;
  const grants = of.grants.map(hex);
  if (grants.join() !== (known.grant ?? "")) throw new NotSigned("grants");
}

/** Whether it makes a code for exactly this organisation. */
function codes({ act: of }: Statement, organisation: string): void {
  if (of.kind !== "code" || of.organisation !== organisation) throw new NotSigned("organisation");
}
