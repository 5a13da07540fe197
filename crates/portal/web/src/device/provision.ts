// A provision and its exceptions, read and written: `consent::terms`.

import { encode, hex } from "../../../../../verifier/src/bytes.ts";
import { Writer } from "./bytes.ts";
import {
  ACT_CODE, ACT_REASON, CONFIDENTIALITY, type Coding, type Json, type Value, codeValue, coding,
  member, other, party, reference, referenceBytes, tagged, textValue,
} from "./coding.ts";
import { type Stretch, stretchOf } from "./moment.ts";
import { TYPES } from "./types.ts";

const ELEMENTS = [
  "id", "extension", "type", "period", "actor", "action", "securityLabel", "purpose", "class",
  "code", "dataPeriod", "data", "provision",
];
const ROLES = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
const CONSENT_ACTIONS = "http://terminology.hl7.org/CodeSystem/consentaction";
const RESOURCE_TYPES = "http://hl7.org/fhir/resource-types";
const DEPTH_MAX = 4;
const VALUES_MAX = 64;

// Places of codes that stand in what is signed: append only, as in Rust.
const PURPOSES = `TREAT ETREAT ERTREAT HPAYMT CLMATTCH COVAUTH COVERAGE ELIGDTRM ELIGVER ENROLLM
  REMITADV HOPERAT HQUALIMP PATSFTY HSYSADMIN HACCRED HLEGAL HRESCH BIORCH CLINTRCH CLINTRCHNPC
  CLINTRCHPC PRECLINTRCH DSRCH POARCH TRANSRCH PUBHLTH DISASTER THREAT PATRQT FAMRQT PWATRNY SUPNWK
  HMARKT BTG`.split(/\s+/);
const LEVELS = "U L M N R V".split(" ");
const SUBJECTS = `ETH SUD ETHUD OPIOIDUD SPI BH MH PSY PSYTHPN COGN DVD EMOTDIS HIV SEX PREGNANT STD
  SDV GDIS SICKLE MST SCA TBOO VIO`.split(/\s+/);
const ACTIONS = "collect access use disclose correct".split(" ");
const MEANINGS = "instance related dependents authoredby".split(" ");

export const Effect = { Permit: 0, Refuse: 1, Unclear: 2, Doubtful: 3, Opaque: 4 } as const;

/** The Consent has more than is evaluated, or is none. */
export class TooMuch extends Error {}

interface Named {
  any: Value[];
  opaque: boolean;
}

/** In the order of the bytes: period, recipient, custodian, author, purpose, action, class, code,
 *  label, data, dataPeriod. */
type Dimensions = (Named | null)[];

export interface Provision {
  effect: number;
  criteria: { clouded: boolean; dimensions: Dimensions };
  exceptions: Provision[];
}

/** The values of an element that repeats; one that stands alone counts as a list of one. */
function many(value: Json | undefined): Json[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

/** Reads a provision: the type that it states, and the rest with that type as its effect. */
export function provision(
  value: Json, depth: number, counter: { left: number },
): [number | null, Provision] {
  if (depth > DEPTH_MAX || counter.left === 0) throw new TooMuch();
  counter.left -= 1;
  if (!isPlain(value)) {
    const criteria = { clouded: false, dimensions: Array<null>(11).fill(null) };
    return [Effect.Opaque, { effect: Effect.Opaque, criteria, exceptions: [] }];
  }
  const type = member(value, "type");
  const stated = type === "permit" ? Effect.Permit : type === "deny" ? Effect.Refuse : Effect.Unclear;
  const typed = type === undefined ? null : stated;
  const below = many(member(value, "provision"));
  const exceptions = below.map((it) => provision(it, depth + 1, counter)[1]);
  return [typed, { effect: typed ?? Effect.Unclear, criteria: criteria(value), exceptions }];
}

/** Whether it holds only what R4 has: no modifier, no `null`, no empty list, no lone `_purpose`. */
function isPlain(value: Json): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.entries(value).every(([key, it]) => {
    const plain = key.startsWith("_") ? key.slice(1) : key;
    const missing = plain !== key && !Object.hasOwn(value, plain);
    const empty = it === null || (Array.isArray(it) && it.length === 0);
    return ELEMENTS.includes(plain) && !missing && !empty;
  });
}

function bounded(values: Json[]): Json[] {
  if (values.length > VALUES_MAX) throw new TooMuch();
  return values;
}

function named(of: Json, key: string, read: (value: Json) => Value | null): Named | null {
  if (member(of, key) === undefined) return null;
  const found: Named = { any: [], opaque: false };
  for (const value of bounded(many(member(of, key)))) {
    const modified = member(value, "modifierExtension") !== undefined;
    add(found, modified ? null : read(value));
  }
  return closed(found);
}

/** A list of CodeableConcepts: each coding is a value, a concept without any is not understood. */
function concepts(of: Json, key: string, read: (of: Coding) => Value | null): Named | null {
  if (member(of, key) === undefined) return null;
  const found: Named = { any: [], opaque: false };
  for (const concept of bounded(many(member(of, key)))) {
    const codings = bounded(many(member(concept, "coding")));
    if (codings.length === 0) found.opaque = true;
    for (const one of codings) {
      const known = coding(one);
      add(found, known && read(known));
    }
  }
  if (found.any.length > VALUES_MAX) throw new TooMuch();
  return closed(found);
}

function add(named: Named, value: Value | null): void {
  if (value === null) named.opaque = true;
  else named.any.push(value);
}

function closed(named: Named): Named {
  return { any: sorted(named.any), opaque: named.opaque || named.any.length === 0 };
}

function sorted(values: Value[]): Value[] {
  const by = new Map(values.map((it) => [it.order, it]));
  return [...by.keys()].sort((a, b) => (a < b ? -1 : 1)).map((order) => by.get(order)!);
}

function place(table: string[], code: string, tag: number): Value | null {
  const at = table.indexOf(code);
  return at < 0 ? null : tagged(tag, at);
}

const purpose = (it: Coding) => (it.system === ACT_REASON && place(PURPOSES, it.code, 0)) || other(1, it);
const classOf = (it: Coding) => (it.system === RESOURCE_TYPES && place(TYPES, it.code, 0)) || other(1, it);
const label = (it: Coding) => (it.system === CONFIDENTIALITY && place(LEVELS, it.code, 0))
  || (it.system === ACT_CODE && place(SUBJECTS, it.code, 1)) || other(2, it);

function action(it: Coding): Value | null {
  const at = it.system === CONSENT_ACTIONS ? ACTIONS.indexOf(it.code) : -1;
  if (at < 0) return null;
  const bytes = Uint8Array.of(at);
  return { order: hex(bytes), bytes };
}

function data(value: Json): Value | null {
  const meaning = member(value, "meaning");
  const at = typeof meaning === "string" ? MEANINGS.indexOf(meaning) : -1;
  const text = member(member(value, "reference"), "reference");
  const target = at < 0 || typeof text !== "string" ? null : reference(text);
  if (target === null) return null;
  const order = hex(Uint8Array.of(at)) + hex(encode(target));
  return { order, bytes: new Writer().u8(at).fixed(referenceBytes(target)).bytes() };
}

const turned = (value: bigint) => BigInt.asUintN(64, value) ^ (1n << 63n);

/** A period; an open end is the end of time. */
function stretch(value: Json): Value | null {
  let found: Stretch | null;
  if (typeof value === "string") {
    found = stretchOf(value);
  } else {
    const [start, end] = [edge(value, "start"), edge(value, "end")];
    if (start === null || end === null || (start === undefined && end === undefined)) return null;
    found = [start?.[0] ?? -(1n << 63n), end?.[1] ?? (1n << 63n) - 1n];
  }
  if (found === null || found[0] >= found[1]) return null;
  const bytes = new Writer().u64(turned(found[0])).u64(turned(found[1])).bytes();
  return { order: hex(bytes), bytes };
}

function edge(value: Json, key: string): Stretch | null | undefined {
  const text = member(value, key);
  if (text === undefined) return undefined;
  return typeof text === "string" ? stretchOf(text) : null;
}

function criteria(of: Json): Provision["criteria"] {
  const coded = (read: (it: Coding) => Value) => (value: Json) => {
    const known = coding(value);
    return known && read(known);
  };
  const parties: (Named | null)[] = [null, null, null];
  const period = named(of, "period", stretch);
  const others = [
    named(of, "purpose", coded(purpose)),
    concepts(of, "action", action),
    named(of, "class", coded(classOf)),
    concepts(of, "code", (it) => codeValue(it)),
    named(of, "securityLabel", coded(label)),
    named(of, "data", data),
    named(of, "dataPeriod", stretch),
  ];
  let clouded = false;
  for (const actor of bounded(many(member(of, "actor")))) {
    const at = roleOf(actor);
    if (at === null) {
      clouded = true;
      continue;
    }
    const list = (parties[at] ??= { any: [], opaque: false });
    const modified = member(actor, "modifierExtension") !== undefined;
    const name = modified ? null : party(actor);
    add(list, name === null ? null : textValue(name));
  }
  for (const list of parties) if (list !== null) list.any = sorted(list.any);
  return { clouded, dimensions: [period, ...parties, ...others] };
}

/** Recipient 0, custodian 1, author 2; any other role is not understood. */
function roleOf(actor: Json): number | null {
  const codings = many(member(member(actor, "role"), "coding"));
  const role = codings.length === 1 ? coding(codings[0]) : null;
  if (role === null || role.system !== ROLES) return null;
  if (["IRCP", "PRCP", "TRC"].includes(role.code)) return 0;
  return role.code === "CST" ? 1 : role.code === "AUT" ? 2 : null;
}

export function writeProvision(writer: Writer, { effect, criteria, exceptions }: Provision): void {
  writer.u8(effect).bool(criteria.clouded);
  for (const named of criteria.dimensions) {
    if (named === null) {
      writer.u8(0);
      continue;
    }
    writer.u8(named.opaque ? 2 : 1).u8(named.any.length);
    for (const value of named.any) writer.fixed(value.bytes);
  }
  writer.u8(exceptions.length);
  for (const below of exceptions) writeProvision(writer, below);
}
