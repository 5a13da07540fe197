// Judges a receipt under the trust files that are kept and the one that was offered.

import { decode, encode, hex, sha256 } from "../../../../verifier/src/bytes.ts";
import { canonical } from "../../../../verifier/src/json.ts";
import { Policy } from "../../../../verifier/src/policy.ts";
import { Invalid, type Verified, verify } from "../../../../verifier/src/receipt.ts";
import { fingerprint } from "./trust.ts";
import { moment } from "./words.ts";

export type State = "waiting" | "checking" | "valid" | "changed" | "pending" | "failed";

/** What was found, and all that can be shown of it. */
export interface Verdict {
  state: State;
  reason: string;
  detail: string;
  /** By the names of `data-proven`. */
  proven: Record<string, string>;
}

export interface Papers {
  receipt: Uint8Array;
  record?: Uint8Array | undefined;
  /** `Type/id/version` that it has to be about. */
  name?: string | undefined;
}

/** A verdict without proof. */
export function without(state: State, reason: string, detail = ""): Verdict {
  return { state, reason, detail, proven: { reason, detail } };
}

/** Judges under one trust file. */
export function judge(papers: Papers, trust: string): Verdict {
  let found: Verified;
  try {
    found = verify(papers.receipt, Policy.parse(encode(trust)), papers.record);
  } catch (error) {
    if (!(error instanceof Invalid)) return without("failed", "unusable", String(error));
    const state = error.code === "unusable" ? "failed" : "changed";
    return without(state, error.code, error.message);
  }
  const name = `${found.type}/${found.id}/${found.version}`;
  if (papers.name !== undefined && papers.name !== name) {
    return without("changed", "name", name);
  }
  return { state: "valid", reason: "", detail: "", proven: shown(papers, found, name, trust) };
}

function shown(papers: Papers, found: Verified, name: string, trust: string) {
  // The receipt is valid, so it has these lines.
  const text = decode(papers.receipt);
  const [head = "", note = ""] = split(text);
  const [origin = "", size = "", root = ""] = note.split("\n");
  const record = papers.record && hex(sha256(encode(canonical(decode(papers.record)))));
  return {
    time: moment(Number(found.timeMs)),
    recorded: moment(Number(found.timeUs / 1_000n)),
    organisation: found.organisation,
    record: name,
    height: String(found.height),
    index: /^index (\d+)$/m.exec(head)?.[1] ?? "",
    origin, size, root,
    cosigners: String(found.cosigners.length),
    names: found.cosigners.map((it) => it.split("/").at(-1)).join(", "),
    "record-hash": record ?? found.body,
    "receipt-hash": hex(sha256(papers.receipt)),
    "trust-hash": fingerprint(trust),
  };
}

function split(text: string): [string, string] {
  const at = text.indexOf("\n\n");
  return [text.slice(0, at), text.slice(at + 2)];
}

/** The ledger that a receipt says it is of; nothing is proven by it. */
export function originOf(receipt: Uint8Array): string {
  return split(new TextDecoder().decode(receipt))[1].split("\n")[0] ?? "";
}

/** Judges under the files that are kept, the newest first: one of them has to hold. */
export function judgeUnder(papers: Papers, files: string[]): Verdict {
  let last = without("failed", "no-trust");
  for (const [at, file] of files.entries()) {
    const verdict = judge(papers, file);
    if (verdict.state === "valid") return verdict;
    // What the newest one says is told; the older ones only ever add that it holds.
    if (at === 0) last = verdict;
  }
  return last;
}
