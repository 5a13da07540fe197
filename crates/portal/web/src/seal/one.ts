// `<salus-seal>`: asks for the receipt of one version of a record, and verifies it here.

import { base64, encode } from "../../../../../verifier/src/bytes.ts";
import {
  type Papers, type State, type Verdict, judge, judgeUnder, originOf, without,
} from "../judge.ts";
import { fill, wordOf } from "../show.ts";
import { fingerprint, keep, kept, origins } from "../trust.ts";
import { Words, part } from "../words.ts";
import { inTurn } from "./queue.ts";

const TRIES_MAX = 30;
const RETRY_MS_MIN = 250;
const RETRY_MS_MAX = 60_000;
const ANSWER_BYTES_MAX = 24 << 20;

interface Answer {
  status?: string;
  receipt?: string;
  record?: string;
  trust?: string;
  retry_ms?: number;
}

export interface Sealed {
  ref: string;
  state: State;
  reason: string;
}

/** `Type/id/_history/version` as a receipt names it. */
function nameOf(ref: string): string {
  return ref.replace("/_history/", "/");
}

export class Seal extends HTMLElement {
  private static sight: IntersectionObserver | null = null;
  private words = Words.of(this, "salus-seal");
  private begun = false;
  private busy = false;
  private tries = 0;
  private timer = 0;
  private offered = "";

  connectedCallback(): void {
    if (this.begun) return;
    this.words = Words.of(this, "salus-seal");
    // Without words there is nothing to show: the server's fallback stays.
    this.show(without("waiting", ""));
    Seal.sight ??= new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries) {
        if (isIntersecting) (target as Seal).check();
      }
    }, { rootMargin: "200px" });
    Seal.sight.observe(this);
  }

  disconnectedCallback(): void {
    Seal.sight?.unobserve(this);
    clearTimeout(this.timer);
  }

  get state(): State {
    return (this.getAttribute("state") as State | null) ?? "waiting";
  }

  /** Checks once; `again` also what was checked before. */
  check(again = false): void {
    if (this.busy || (this.begun && !again)) return;
    this.begun = true;
    this.busy = true;
    Seal.sight?.unobserve(this);
    clearTimeout(this.timer);
    inTurn(async () => {
      if (this.isConnected) {
        this.show(without("checking", ""));
        this.show(await this.verdict());
      }
      this.busy = false;
      const { ref = "" } = this.dataset;
      const detail: Sealed = { ref, state: this.state, reason: this.getAttribute("reason") ?? "" };
      this.dispatchEvent(new CustomEvent("salus-sealed", { bubbles: true, detail }));
    });
  }

  private async verdict(): Promise<Verdict> {
    let answer: Answer;
    try {
      answer = await ask(this.dataset.src ?? "");
    } catch (error) {
      return without("failed", "network", String(error));
    }
    if (answer.status === "pending") return this.later(answer.retry_ms ?? 1_000);
    const { receipt, record, trust } = answer;
    const bytes = base64(record ?? "");
    if (typeof receipt !== "string" || typeof trust !== "string" || bytes === null) {
      return without("failed", "unusable", "the answer has no receipt, record or trust file");
    }
    const name = nameOf(this.dataset.ref ?? "");
    return this.trusting({ receipt: encode(receipt), record: bytes, name }, trust);
  }

  /** Under what was kept, and only then under what is offered. */
  private trusting(papers: Papers, trust: string): Verdict {
    const origin = originOf(papers.receipt);
    const files = kept(origin);
    const offered = judge(papers, trust);
    if (files.length === 0) {
      // Whatever it says: a list that does not hold is not kept.
      if (offered.state === "valid") keep(origin, trust);
      return offered;
    }
    const verdict = judgeUnder(papers, files);
    if (verdict.state === "valid" || offered.state !== "valid") return verdict;
    this.offered = trust;
    const hashes = { "kept-hash": fingerprint(files[0]!), "trust-hash": fingerprint(trust) };
    const proven = { ...offered.proven, ...hashes, reason: "trust" };
    return { state: "changed", reason: "trust", detail: verdict.detail, proven };
  }

  private later(ms: number): Verdict {
    this.tries += 1;
    if (this.tries <= TRIES_MAX) {
      const wait = Math.min(Math.max(Number(ms) || 0, RETRY_MS_MIN), RETRY_MS_MAX);
      this.timer = setTimeout(() => this.check(true), wait);
    }
    return without("pending", "");
  }

  private show(verdict: Verdict): void {
    const { state, reason } = verdict;
    this.setAttribute("state", state);
    if (reason === "") this.removeAttribute("reason");
    else this.setAttribute("reason", reason);
    const word = wordOf(this.words, verdict);
    if (word === "") return;
    // A sign that stays in its place keeps what a screen reader has of it.
    const line = part(this, "state") ?? document.createElement("span");
    line.dataset.part = "state";
    const bad = state === "changed" || state === "failed";
    if (bad) line.setAttribute("role", "alert");
    else if (this.dataset.announce !== undefined) line.setAttribute("role", "status");
    else line.removeAttribute("role");
    if (line.textContent !== word) line.textContent = word;
    const pieces: Element[] = [...this.children].filter((it) => it.hasAttribute("data-say"));
    this.replaceChildren(...pieces, line);
    if (state === "valid" || state === "changed") this.unfold(verdict);
  }

  private unfold({ reason, proven }: Verdict): void {
    const details = this.words.piece(reason === "trust" ? "trust" : "proven");
    if (details === null) return;
    fill(details, proven);
    const accept = details.querySelector<HTMLButtonElement>('[data-act="trust"]');
    accept?.addEventListener("click", () => this.accept());
    this.append(details);
  }

  /** Whoever compared the fingerprints takes the new list; all seals of the page look again. */
  private accept(): void {
    for (const origin of origins(this.offered)) keep(origin, this.offered);
    const seals = document.querySelectorAll<Seal>('salus-seal[reason="trust"]');
    for (const seal of seals) seal.check(true);
  }
}

async function ask(src: string): Promise<Answer> {
  const url = new URL(src, location.href);
  if (src === "" || url.origin !== location.origin) throw new Error("no address of this node");
  const response = await fetch(url, { cache: "no-store", headers: { accept: "application/json" } });
  if (!response.ok) throw new Error(`the answer is ${response.status}`);
  const text = await response.text();
  if (text.length > ANSWER_BYTES_MAX) throw new Error("the answer is too long");
  return JSON.parse(text) as Answer;
}
