// The rules of a Consent, line by line, as `hospital::plain_words` says them: nothing that bears on
// what it permits is left out, and what has no words is shown as it is written.

import type { Words } from "../words.ts";
import { type Json, member } from "./coding.ts";

/** What says who and where, or is said by the statement itself. */
const SAID = ["resourceType", "id", "meta", "text", "patient", "provision"];
const DEPTH_MAX = 8;
// Control characters, zero-width signs, and those that turn the direction of what follows.
const BENT = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/g;

export interface Line {
  depth: number;
  text: string;
}

export function rules(consent: Json, words: Words): Line[] {
  const lines: Line[] = [];
  for (const [name, value] of Object.entries(consent as object) as [string, Json][]) {
    if (!SAID.includes(name)) lines.push({ depth: 0, text: element(name, value, words) });
  }
  const provision = member(consent, "provision");
  if (provision !== undefined) rule(provision, 0, words, lines);
  return lines;
}

function rule(provision: Json, depth: number, words: Words, lines: Line[]): void {
  const plain = typeof provision === "object" && provision !== null && !Array.isArray(provision);
  if (!plain || depth >= DEPTH_MAX) {
    lines.push({ depth, text: clean(JSON.stringify(provision)) });
    return;
  }
  const fields = Object.entries(provision).filter(([name]) => name !== "type" && name !== "provision");
  const type = member(provision, "type");
  const effect = type === "permit" || type === "deny" ? type : "stated";
  const all = fields.length === 0 ? "all" : "some";
  lines.push({ depth, text: words.say(`${depth === 0 ? "rule" : "except"}-${effect}-${all}`) });
  for (const [name, value] of fields) lines.push({ depth: depth + 1, text: element(name, value, words) });
  const inner = member(provision, "provision");
  if (Array.isArray(inner)) for (const it of inner) rule(it, depth + 1, words, lines);
  else if (inner !== undefined) lines.push({ depth, text: clean(JSON.stringify(inner)) });
}

/** An element with the word for its name, if the page has one, and its codes. */
function element(name: string, value: Json, words: Words): string {
  return `${words.say(`element-${name}`) || clean(name)}: ${codes(value, words)}`;
}

function codes(value: Json, words: Words): string {
  if (typeof value === "string") return clean(value);
  if (Array.isArray(value)) return value.map((it) => codes(it, words)).join(" · ");
  return known(value, words) ?? clean(JSON.stringify(value));
}

/** The words of a Coding, CodeableConcept, Reference, Period or actor that holds nothing else. */
function known(value: Json, words: Words): string | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const only = (...names: string[]) => Object.keys(value).every((name) => names.includes(name));
  const text = (name: string) => {
    const found = member(value, name);
    return typeof found === "string" ? clean(found) : null;
  };
  const code = text("code");
  if (code !== null && only("system", "code", "display")) {
    const system = text("system");
    const word = words.say(`code-${code}`);
    const sign = system === null ? code : `${code} (${system})`;
    return word === "" ? sign : `${word}, ${sign}`;
  }
  if (only("coding") && member(value, "coding") !== undefined) return codes(member(value, "coding")!, words);
  const to = text("reference");
  if (to !== null && only("reference", "display")) return to;
  const uri = text("uri");
  if (uri !== null && only("uri")) return uri;
  if (only("start", "end") && Object.keys(value).length > 0) {
    return `${text("start") ?? "…"} – ${text("end") ?? "…"}`;
  }
  const [role, who] = [member(value, "role"), member(value, "reference")];
  if (role === undefined || who === undefined || !only("role", "reference")) return null;
  return `${codes(who, words)}, ${codes(role, words)}`;
}

/** A text that cannot hide what stands before it. */
function clean(text: string): string {
  return text.replace(BENT, "\ufffd");
}
