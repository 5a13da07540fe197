// What a Consent asks for: whom it names, and for which hours (`hospital::sharing::terms::asked`).

import { NotSigned } from "./check.ts";
import { type Json, member } from "./coding.ts";
import { stretchOf } from "./moment.ts";

const ORGANISATION = "Organization/";
const DEPTH_MAX = 4;
const HOUR_US = 3_600_000_000n;
/** A consent without an end holds for a year. */
const HOURS_DEFAULT = 366 * 24;
const HOURS_MAX = 10 * 366 * 24;
// A day, or an instant with a zone.
const MOMENT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?$/;

export interface Wanted {
  recipients: string[];
  from: number;
  until: number;
}

/** Reads a Consent that a patient is about to give. */
export function asked(consent: Json, patient: string, nowMs: number): Wanted {
  const own = member(member(consent, "patient"), "reference") === `Patient/${patient}`;
  const fit = member(consent, "resourceType") === "Consent" && own;
  if (!fit || member(consent, "status") !== "active") throw new NotSigned("unusable");
  const provision = member(consent, "provision");
  const names = new Set<string>();
  gather(provision, DEPTH_MAX, names);
  const recipients = [...names].sort((a, b) => (a < b ? -1 : 1));
  return { recipients, ...hours(member(provision, "period"), nowMs) };
}

const array = (value: Json | undefined) => (Array.isArray(value) ? value : []);

function gather(provision: Json | undefined, depth: number, found: Set<string>): void {
  if (depth === 0) return;
  for (const actor of array(member(provision, "actor"))) {
    // Who keeps or wrote the records is named as well, and gets nothing by it.
    const roles = array(member(member(actor, "role"), "coding")).map((it) => member(it, "code"));
    if (roles.includes("CST") || roles.includes("AUT")) continue;
    const text = member(member(actor, "reference"), "reference");
    if (typeof text === "string" && text.startsWith(ORGANISATION)) {
      found.add(text.slice(ORGANISATION.length));
    }
  }
  for (const inner of array(member(provision, "provision"))) gather(inner, depth - 1, found);
}

/** The hours of a period: the first one begun, the last one ended. */
function hours(period: Json | undefined, nowMs: number): { from: number; until: number } {
  const now = BigInt(Math.floor(nowMs)) * 1_000n;
  const moment = (name: string): bigint | null => {
    const text = member(period, name);
    if (typeof text !== "string") return null;
    const found = MOMENT.test(text) ? stretchOf(text) : null;
    if (found === null) throw new NotSigned("period");
    return found[0];
  };
  const from = hourOf(moment("start") ?? now);
  const end = moment("end");
  const until = end === null ? from + HOURS_DEFAULT : hourOf(end) + 1;
  if (until <= from || until - from > HOURS_MAX || until <= hourOf(now)) {
    throw new NotSigned("period");
  }
  return { from, until };
}

/** The hour of a moment since 1970; before that it is 0, as in Rust. */
function hourOf(us: bigint): number {
  return us < 0n ? 0 : Number(us / HOUR_US);
}
