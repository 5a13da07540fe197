// The page of an export: verifies every version that is in it, without any network.

import { encode, hex, sha256 } from "./bytes.ts";
import { canonical } from "./json.ts";
import { Policy } from "./policy.ts";
import { Invalid, verify } from "./receipt.ts";

export { Invalid, Policy, canonical, verify };

interface Packed {
  trust: string;
  versions: { name: string; record: string; receipt: string | null }[];
}

/** The verdict on one version: `valid`, `pending`, or the code and the reason. */
export function judge(policy: Policy, one: Packed["versions"][number]): string {
  if (one.receipt === null) return "pending";
  try {
    const found = verify(encode(one.receipt), policy, encode(one.record));
    const name = `${found.type}/${found.id}/${found.version}`;
    return name === one.name ? "valid" : `record: the receipt is of ${name}`;
  } catch (error) {
    return error instanceof Invalid ? `${error.code}: ${error.message}` : "unusable";
  }
}

function row(table: HTMLElement, cells: string[]): void {
  const line = table.appendChild(document.createElement("tr"));
  for (const cell of cells) line.appendChild(document.createElement("td")).textContent = cell;
}

export async function show(): Promise<void> {
  const place = (id: string) => document.getElementById(id)!;
  const data = JSON.parse(place("data").textContent ?? "{}") as Packed;
  place("trust").textContent = hex(sha256(encode(data.trust)));
  const policy = Policy.parse(encode(data.trust));
  const counts = { valid: 0, pending: 0, invalid: 0 };
  for (const [at, one] of data.versions.entries()) {
    const verdict = judge(policy, one);
    counts[verdict === "valid" || verdict === "pending" ? verdict : "invalid"] += 1;
    row(place("versions"), [one.name, verdict]);
    place("summary").textContent =
      `${counts.valid} valid, ${counts.pending} without a receipt yet, ${counts.invalid} invalid`;
    // The page stays usable while it works.
    if (at % 20 === 0) await new Promise((done) => setTimeout(done));
  }
  document.body.dataset.done = counts.invalid === 0 ? "valid" : "invalid";
}

if (typeof document !== "undefined") void show();
