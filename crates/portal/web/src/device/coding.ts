// Codes and references as terms hold them: `consent::coding`, `consent::facts`.

import { encode, hex } from "../../../../../verifier/src/bytes.ts";
import { Writer } from "./bytes.ts";
import { TYPES } from "./types.ts";

export const ACT_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
export const ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
export const CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";

// Systems with a number, from 1. They stand in what is signed: append only, as in Rust.
const SYSTEMS = [
  "http://loinc.org",
  "http://snomed.info/sct",
  "http://www.nlm.nih.gov/research/umls/rxnorm",
  "http://hl7.org/fhir/sid/icd-10-cm",
  "http://terminology.hl7.org/CodeSystem/observation-category",
  "http://terminology.hl7.org/CodeSystem/condition-clinical",
  "http://terminology.hl7.org/CodeSystem/condition-ver-status",
  "http://terminology.hl7.org/CodeSystem/condition-category",
  "http://hl7.org/fhir/sid/cvx",
  "http://www.ama-assn.org/go/cpt",
  "http://hl7.org/fhir/sid/icd-10",
  "http://hl7.org/fhir/sid/ndc",
  ACT_CODE,
  ACT_REASON,
  CONFIDENTIALITY,
  "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
  "http://terminology.hl7.org/CodeSystem/diagnostic-service-sections",
  "http://terminology.hl7.org/CodeSystem/v2-0074",
  "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
  "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical",
  "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification",
  "http://terminology.hl7.org/CodeSystem/claim-type",
  "http://terminology.hl7.org/CodeSystem/processpriority",
  "http://terminology.hl7.org/CodeSystem/medicationrequest-category",
  "http://www.whocc.no/atc",
  "http://hl7.org/fhir/sid/icd-9-cm",
];

// White space and control characters as Unicode and Rust have them; `\s` has others.
const SPACE = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
const SYSTEM_BYTES_MAX = 128;
const CODE_BYTES_MAX = 128;
const REFERENCE_BYTES_MAX = 200;
const NAME_BYTES_MAX = 255;

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** The member of an object; nothing of what is none. */
export function member(value: Json | undefined, name: string): Json | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

/** A value of a dimension: its bytes, and where it stands among others. */
export interface Value {
  order: string;
  bytes: Uint8Array;
}

const length = (text: string) => encode(text).length;

export interface Coding {
  system: string;
  code: string;
}

export function coding(value: Json | undefined): Coding | null {
  const system = member(value, "system") ?? (has(value, "system") ? null : "");
  const code = member(value, "code");
  if (typeof system !== "string" || typeof code !== "string") return null;
  const odd = CONTROL.test(code) || SPACE.test(code.replaceAll(" ", ""));
  if (odd || code.split(" ").includes("") || length(code) > CODE_BYTES_MAX) return null;
  if (length(system) > SYSTEM_BYTES_MAX || SPACE.test(system)) return null;
  return { system, code };
}

function has(value: Json | undefined, name: string): boolean {
  return member(value, name) !== undefined;
}

/** A coding as a value: by code, then by system. */
export function codeValue({ system, code }: Coding, before = ""): Value {
  const writer = new Writer();
  const number = SYSTEMS.indexOf(system) + 1;
  writer.u8(number);
  if (number === 0) writer.short(system);
  const order = `${before}${hex(encode(code))}00${hex(encode(system))}`;
  return { order, bytes: writer.short(code).bytes() };
}

/** A number of a table, or any other coding, each kind after the one before. */
export function tagged(tag: number, number: number): Value {
  const bytes = Uint8Array.of(tag, number);
  return { order: hex(bytes), bytes };
}

export function other(tag: number, of: Coding): Value {
  const { order, bytes } = codeValue(of, hex(Uint8Array.of(tag)));
  return { order, bytes: new Writer().u8(tag).fixed(bytes).bytes() };
}

export function textValue(text: string): Value {
  return { order: hex(encode(text)), bytes: new Writer().short(text).bytes() };
}

const ID = /^[A-Za-z0-9.-]{1,64}$/;

/** `Type/id` or an absolute URL, without its version; null for what names nothing. */
export function reference(text: string): string | null {
  if (text.startsWith("#") || SPACE.test(text)) return null;
  const query = text.indexOf("?");
  if (query >= 0 && TYPES.includes(text.slice(0, query))) return null;
  const [type = "", id = "", history, version, ...more] = text.split("/");
  const versioned = history === "_history" && ID.test(version ?? "") && more.length === 0;
  let kept: string | null = null;
  if (TYPES.includes(type) && ID.test(id) && (history === undefined || versioned)) {
    kept = `${type}/${id}`;
  } else if (/^[A-Za-z][A-Za-z0-9+.-]*:./s.test(text)) {
    kept = text.split("/_history/")[0]!;
  }
  return kept !== null && length(kept) <= REFERENCE_BYTES_MAX ? kept : null;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The bytes of a reference: a type by its number, a UUID in binary. */
export function referenceBytes(text: string): Uint8Array {
  const [type = "", id, ...more] = text.split("/");
  const number = TYPES.indexOf(type);
  if (number < 0 || id === undefined || more.length > 0) {
    return new Writer().u8(2).short(text).bytes();
  }
  if (!UUID.test(id)) return new Writer().u8(0).u8(number).short(id).bytes();
  const pairs = id.replaceAll("-", "").match(/../g)!;
  const uuid = Uint8Array.from(pairs, (pair) => parseInt(pair, 16));
  return new Writer().u8(1).u8(number).fixed(uuid).bytes();
}

/** A party: a reference, or `Type?system|value` for a logical one. */
export function party(actor: Json): string | null {
  const target = member(actor, "reference");
  const text = member(target, "reference");
  if (typeof text === "string") return reference(text);
  const identifier = member(target, "identifier");
  const [system, value] = [member(identifier, "system"), member(identifier, "value")];
  if (typeof system !== "string" || typeof value !== "string") return null;
  const type = member(target, "type");
  const name = `${typeof type === "string" ? type : ""}?${system}|${value}`;
  const odd = SPACE.test(name) || CONTROL.test(name);
  return odd || length(name) > NAME_BYTES_MAX ? null : name;
}
