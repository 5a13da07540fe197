// The terms of a Consent, which the policy commitment of a grant is about: `consent::terms`.
//
// A device makes the commitment itself, so it reads the Consent as the node does, byte for byte
// (`crates/consent/vectors/terms.json`).

import { encode, labelled } from "../../../../../verifier/src/bytes.ts";
import { Writer } from "./bytes.ts";
import { ACT_CODE, type Json, coding, member } from "./coding.ts";
import { stretchOf } from "./moment.ts";
import { Effect, type Provision, TooMuch, provision, writeProvision } from "./provision.ts";

const ELEMENTS = [
  "resourceType", "id", "meta", "language", "text", "contained", "extension", "identifier",
  "status", "scope", "category", "patient", "dateTime", "performer", "organization",
  "sourceAttachment", "sourceReference", "policy", "policyRule", "verification", "provision",
];
const NAMES_OF_FORMS = "http://terminology.hl7.org/CodeSystem/consentpolicycodes";
const SCOPES = "http://terminology.hl7.org/CodeSystem/consentscope";
const BYTES_MAX = 64 << 10;
const ID_BYTES_MAX = 255;
const LEAST = -(1n << 63n);

interface Terms {
  id: string;
  version: bigint;
  updated: bigint;
  patient: string | null;
  standing: number;
  scope: number;
  base: number | null;
  root: Provision | null;
}

/** The digest of the terms of a Consent as it is signed: with this id and without `meta`. */
export function policyDigest(consent: Json, id: string): Uint8Array {
  return labelled("salus/terms/v1", termsBytes(consent) ?? write(unreadable(id)));
}

/** The canonical bytes, or null if nothing can be read. */
export function termsBytes(consent: Json): Uint8Array | null {
  try {
    const bytes = write(read(consent));
    return bytes.length > BYTES_MAX ? null : bytes;
  } catch (error) {
    if (error instanceof TooMuch) return null;
    throw error;
  }
}

function unreadable(id: string): Terms {
  return {
    id: [...id].slice(0, 64).join(""), version: (1n << 64n) - 1n, updated: (1n << 63n) - 1n,
    patient: null, standing: 2, scope: 2, base: Effect.Unclear, root: null,
  };
}

export function understood(key: string, elements: string[]): boolean {
  return elements.includes(key.startsWith("_") ? key.slice(1) : key);
}

function read(consent: Json): Terms {
  const id = member(consent, "id");
  const good = typeof id === "string" && /^[A-Za-z0-9.-]{1,64}$/.test(id);
  if (member(consent, "resourceType") !== "Consent" || !good) throw new TooMuch();
  const stated = member(consent, "provision");
  const found = stated === undefined ? null : provision(stated, 1, { left: 64 });
  // An unknown modifier may turn the whole into anything. FHIR R4 2.4.1.
  const known = Object.keys(consent as object).every((key) => understood(key, ELEMENTS));
  const [base, root] = known ? rules(policyRule(consent), found) : [Effect.Unclear, null];
  const patient = member(member(consent, "patient"), "reference");
  const kept = typeof patient === "string" && encode(patient).length <= ID_BYTES_MAX;
  const time = member(consent, "dateTime");
  const stretch = typeof time === "string" ? stretchOf(time) : null;
  return {
    id, version: 0n, updated: stretch?.[0] ?? LEAST, patient: kept ? patient : null,
    standing: standing(member(consent, "status")), scope: scope(member(consent, "scope")),
    base, root,
  };
}

function standing(status: Json | undefined): number {
  if (status === "active") return 0;
  const silent = ["draft", "proposed", "rejected", "inactive", "entered-in-error"];
  return typeof status === "string" && silent.includes(status) ? 1 : 2;
}

function scope(concept: Json | undefined): number {
  const list = member(concept, "coding");
  if (!Array.isArray(list) || list.length !== 1) return 2;
  if (member(list[0], "system") !== SCOPES) return 2;
  const code = member(list[0], "code");
  if (code === "patient-privacy") return 0;
  return code === "research" || code === "treatment" || code === "adr" ? 1 : 2;
}

/** What `policyRule` says: nothing, an effect, or something else. */
type Rule = "none" | "unknown" | number;

function policyRule(consent: Json): Rule {
  const concept = member(consent, "policyRule");
  if (concept === undefined) return "none";
  const list = member(concept, "coding");
  const found: Rule[] = [];
  for (const value of Array.isArray(list) ? list : []) {
    const { system, code } = coding(value) ?? { system: "", code: "" };
    if (code !== "" && system === NAMES_OF_FORMS) found.push("none");
    else if (system === ACT_CODE && (code === "OPTIN" || code === "OPTINR")) found.push(Effect.Permit);
    else if (system === ACT_CODE && (code === "OPTOUT" || code === "OPTOUTE")) found.push(Effect.Refuse);
    else return "unknown";
  }
  const [first] = found;
  return first !== undefined && found.every((it) => it === first) ? first : "unknown";
}

/** How `policyRule` and the root provision make the base rule. */
function rules(
  rule: Rule, found: [number | null, Provision] | null,
): [number | null, Provision | null] {
  if (found === null) return [rule === "none" ? null : rule === "unknown" ? Effect.Unclear : rule, null];
  const [typed, root] = found;
  const weigh = (): [number | null, number] => {
    if (rule === "unknown") return [Effect.Unclear, typed ?? Effect.Unclear];
    if (rule === "none") return [null, typed ?? Effect.Unclear];
    // Opt in, within the limits of the root.
    if (rule === Effect.Permit && typed === Effect.Permit) return [null, Effect.Permit];
    if (typed !== null) return [rule, typed];
    if (isOpen(root)) return [null, untyped(rule, root)];
    return rule === Effect.Permit ? [null, Effect.Unclear] : [Effect.Unclear, Effect.Unclear];
  };
  const [base, effect] = weigh();
  return [base, { ...root, effect }];
}

/** Whether it names nothing but the time in which the rule is in force. */
function isOpen({ criteria }: Provision): boolean {
  const { clouded, dimensions: [, ...others] } = criteria;
  return !clouded && others.every((it) => it === null);
}

function untyped(base: number, root: Provision): number {
  const narrowed = root.exceptions.some((below) => below.effect === Effect.Permit);
  return base === Effect.Permit && narrowed ? Effect.Doubtful : base;
}

/** Signed numbers in an order of their own: the sign turned round. */
export function ordered(value: bigint): bigint {
  return BigInt.asUintN(64, value) ^ (1n << 63n);
}

function write(terms: Terms): Uint8Array {
  const writer = new Writer().u8(1).short(terms.id).u64(terms.version).u64(ordered(terms.updated));
  writer.bool(terms.patient !== null);
  if (terms.patient !== null) writer.short(terms.patient);
  writer.u8(terms.standing).u8(terms.scope).bool(terms.base !== null);
  if (terms.base !== null) writer.u8(terms.base);
  writer.bool(terms.root !== null);
  if (terms.root !== null) writeProvision(writer, terms.root);
  return writer.bytes();
}

