// `<salus-history>`: checks what lies between two blocks, in the browser. docs: web/README.md.

import { base64, encode, hex } from "../../../../../verifier/src/bytes.ts";
import { Policy } from "../../../../../verifier/src/policy.ts";
import { checkSignatures, readCheckpoint, readNote } from "../../../../../verifier/src/receipt.ts";
import { chained, continues, readHeader } from "../consistency.ts";
import { fill } from "../show.ts";
import { fingerprint, keep, kept } from "../trust.ts";
import { Words, part } from "../words.ts";

const TRIES_MAX = 30;
const HEADERS_MAX = 500;

interface Answer {
  status?: string;
  retry_ms?: number;
  first?: string;
  last?: string;
  chain?: string[];
  between?: string[];
  after?: string[];
  checkpoint?: string;
  trust?: string;
}

type Step = "headers" | "history" | "covered" | "cosigned";
type State = "ok" | "wrong" | "skipped";

export class History extends HTMLElement {
  private words = Words.of(this);
  private tries = 0;

  connectedCallback(): void {
    this.words = Words.of(this);
    part(this, "verdict")?.setAttribute("role", "status");
    void this.check();
  }

  private async check(): Promise<void> {
    this.say("checking");
    try {
      const answer = await ask(this.dataset.src ?? "");
      if (answer.status === "pending" && this.tries < TRIES_MAX) {
        this.tries += 1;
        const wait = Math.min(Math.max(Number(answer.retry_ms) || 0, 250), 10_000);
        setTimeout(() => void this.check(), wait);
        return;
      }
      const states = this.judge(answer);
      const wrong = Object.values(states).includes("wrong");
      for (const [step, state] of Object.entries(states)) this.step(step as Step, state);
      this.say(wrong ? "changed" : "valid");
    } catch {
      this.say("failed");
    }
  }

  private judge(answer: Answer): Record<Step, State> {
    const first = readHeader(bytes(answer.first));
    const last = readHeader(bytes(answer.last));
    const headers = (answer.chain ?? []).slice(0, HEADERS_MAX).map((it) => readHeader(bytes(it)));
    const ends = headers.length > 0 && hex(headers[0]!.digest) === hex(first.digest)
      && hex(headers.at(-1)!.digest) === hex(last.digest);
    const { text, root, origin } = note(answer.checkpoint ?? "");
    const old = { size: first.historySize, root: first.historyRoot };
    const next = { size: last.historySize, root: last.historyRoot };
    const covered = { size: root.size, root: root.root };
    const cosigners = this.cosigned(text, origin, answer);
    const of = (holds: boolean): State => (holds ? "ok" : "wrong");
    fill(this, {
      size: String(root.size), root: hex(root.root), names: cosigners?.names ?? "",
      "trust-hash": cosigners?.trust ?? "",
    });
    if (cosigners !== null) part(this, "proven")?.removeAttribute("data-unproven");
    return {
      headers: headers.length === 0 ? "skipped" : of(ends && chained(headers)),
      history: of(continues(old, next, hashes(answer.between))),
      covered: of(continues(next, covered, hashes(answer.after))),
      cosigned: of(cosigners !== null),
    };
  }

  /** Under the trust files that this browser kept; the first of a ledger is taken as it comes. */
  private cosigned(text: string, origin: string, answer: Answer) {
    const offered = answer.trust ?? "";
    const known = kept(origin);
    for (const file of known.length > 0 ? known : [offered]) {
      try {
        const [body, lines] = readNote(text);
        const names = checkSignatures(body, lines, origin, Policy.parse(encode(file)));
        if (known.length === 0) keep(origin, offered);
        const shown = names.map((it) => it.split("/").at(-1)).join(", ");
        return { names: shown, trust: fingerprint(file) };
      } catch {
        // Another one of the kept files may be of the time of these signatures.
      }
    }
    return null;
  }

  private step(name: Step, state: State): void {
    const line = this.querySelector<HTMLElement>(`[data-check="${name}"]`);
    line?.setAttribute("state", state);
    const place = line === null ? null : part(line, "state");
    if (place !== null) place.textContent = this.words.say(state);
  }

  private say(state: string): void {
    this.setAttribute("state", state);
    const place = part(this, "verdict");
    if (place !== null) place.textContent = this.words.say(state);
    this.dispatchEvent(new CustomEvent("salus-checked", { bubbles: true, detail: { state } }));
  }
}

function note(checkpoint: string) {
  const [body] = readNote(checkpoint);
  const { origin, size, root } = readCheckpoint(body);
  return { text: checkpoint, origin, root: { size, root } };
}

function bytes(text: string | undefined): Uint8Array {
  const found = base64(text ?? "");
  if (found === null) throw new Error("not base64");
  return found;
}

function hashes(path: string[] | undefined): Uint8Array[] {
  return (path ?? []).slice(0, 130).map((text) => {
    if (!/^[0-9a-f]{64}$/.test(text)) throw new Error("not a hash");
    return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  });
}

async function ask(src: string): Promise<Answer> {
  const url = new URL(src, location.href);
  if (src === "" || url.origin !== location.origin) throw new Error("no address of this node");
  const response = await fetch(url, { cache: "no-store", headers: { accept: "application/json" } });
  if (!response.ok) throw new Error(`the answer is ${response.status}`);
  return (await response.json()) as Answer;
}
