// The page of an export: verifies every version that is in it, without any network.

import { encode, hex, sha256 } from "./bytes.ts";
import { canonical } from "./json.ts";
import { Policy } from "./policy.ts";
import { Invalid, type Verified, verify } from "./receipt.ts";
import { type Texts, texts } from "./texts.ts";

export { Invalid, Policy, canonical, verify };

interface Packed {
  trust: string;
  versions: { name: string; record: string; receipt: string | null }[];
}

type Version = Packed["versions"][number];

/** What a version is found to be: what its receipt says, or why it is not valid. */
function found(policy: Policy, one: Version): Verified | string {
  try {
    const verified = verify(encode(one.receipt ?? ""), policy, encode(one.record));
    const name = `${verified.type}/${verified.id}/${verified.version}`;
    return name === one.name ? verified : `record: the receipt is of ${name}`;
  } catch (error) {
    return error instanceof Invalid ? `${error.code}: ${error.message}` : "unusable";
  }
}

/** The verdict on one version: `valid`, `pending`, or the code and the reason. */
export function judge(policy: Policy, one: Version): string {
  if (one.receipt === null) return "pending";
  const verdict = found(policy, one);
  return typeof verdict === "string" ? verdict : "valid";
}

const place = (id: string) => document.getElementById(id)!;

function say(summary: string, state: string): void {
  place("summary").textContent = summary;
  place("summary").dataset.state = state;
}

/** A row: the version, whose content is shown when it is opened, and the verdict. */
function row(one: Version, verdict: string, state: string): HTMLElement {
  const line = document.createElement("tr");
  line.dataset.state = state;
  const version = line.appendChild(document.createElement("td"));
  const details = version.appendChild(document.createElement("details"));
  details.appendChild(document.createElement("summary")).textContent = one.name;
  details.addEventListener("toggle", () => {
    if (details.children.length > 1) return;
    details.appendChild(document.createElement("pre")).textContent = indented(one.record);
  });
  line.appendChild(document.createElement("td")).textContent = verdict;
  return line;
}

/** The record, for people to read; what is no JSON, as it is. */
function indented(record: string): string {
  try {
    return JSON.stringify(JSON.parse(record), null, 2);
  } catch {
    return record;
  }
}

function head(said: Texts): void {
  document.title = said.title;
  place("title").textContent = said.title;
  place("about").textContent = said.about;
  place("compare").textContent = said.trust;
  const line = place("columns");
  for (const column of said.columns) {
    const cell = line.appendChild(document.createElement("th"));
    cell.scope = "col";
    cell.textContent = column;
  }
}

async function checked(data: Packed, said: Texts): Promise<void> {
  place("trust").textContent = hex(sha256(encode(data.trust)));
  const policy = Policy.parse(encode(data.trust));
  const counts = { valid: 0, pending: 0, invalid: 0 };
  const list = place("versions");
  let wrong: Element | null = null;
  for (const [at, one] of data.versions.entries()) {
    const verdict = one.receipt === null ? null : found(policy, one);
    if (verdict === null) {
      counts.pending += 1;
      list.append(row(one, said.pending, "pending"));
    } else if (typeof verdict === "string") {
      counts.invalid += 1;
      // What is wrong stands first.
      const line = row(one, said.invalid(verdict), "invalid");
      if (wrong === null) list.prepend(line);
      else wrong.after(line);
      wrong = line;
    } else {
      counts.valid += 1;
      const when = new Date(Number(verdict.timeMs));
      list.append(row(one, said.valid(verdict.height, when), "valid"));
    }
    // The page stays usable while it works.
    if (at % 20 === 0) await new Promise((done) => setTimeout(done));
  }
  const all = data.versions.length;
  if (counts.invalid > 0) say(said.some(counts.invalid, all), "invalid");
  else if (all === 0) say(said.nothing, "pending");
  else say(said.all(counts.valid, counts.pending), "valid");
  document.body.dataset.done = counts.invalid === 0 ? "valid" : "invalid";
}

export async function show(): Promise<void> {
  const [said, language] = texts(navigator.language);
  document.documentElement.lang = language;
  head(said);
  say(said.working, "working");
  try {
    await checked(JSON.parse(place("data").textContent ?? "") as Packed, said);
  } catch {
    // The data or the trust file cannot even be read.
    say(said.unreadable, "invalid");
    document.body.dataset.done = "invalid";
  }
}

if (typeof document !== "undefined") void show();
