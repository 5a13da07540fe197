// `<salus-verify-file>`: verifies files of this computer. No server is asked for anything.

import { decode } from "../../../../../verifier/src/bytes.ts";
import { type Verdict, judgeUnder, originOf, without } from "../judge.ts";
import { fill, wordOf } from "../show.ts";
import { everything, kept } from "../trust.ts";
import { Words, part } from "../words.ts";

const BYTES_MAX = { receipt: 1 << 20, record: 16 << 20, trust: 1 << 20 };

type Kind = keyof typeof BYTES_MAX;

export class VerifyFile extends HTMLElement {
  connectedCallback(): void {
    const form = this.querySelector("form");
    if (form === null) return;
    form.onsubmit = (event) => {
      event.preventDefault();
      void this.verdict().then((verdict) => this.show(verdict));
    };
    part(this, "verdict")?.setAttribute("role", "status");
  }

  private async verdict(): Promise<Verdict> {
    try {
      const receipt = await this.file("receipt");
      if (receipt === undefined) return without("failed", "no-receipt");
      const record = await this.file("record");
      const trust = await this.file("trust");
      const files = trust === undefined ? known(originOf(receipt)) : [decode(trust)];
      return judgeUnder({ receipt, record }, files);
    } catch (error) {
      return without("failed", "unusable", String(error));
    }
  }

  private async file(kind: Kind): Promise<Uint8Array | undefined> {
    const chosen = this.querySelector<HTMLInputElement>(`input[data-file="${kind}"]`)?.files?.[0];
    if (chosen === undefined) return undefined;
    if (chosen.size > BYTES_MAX[kind]) throw new Error(`${chosen.name}: ${chosen.size} bytes`);
    return new Uint8Array(await chosen.arrayBuffer());
  }

  private show(verdict: Verdict): void {
    this.setAttribute("state", verdict.state);
    if (verdict.reason === "") this.removeAttribute("reason");
    else this.setAttribute("reason", verdict.reason);
    const words = Words.of(this, "salus-seal");
    const place = part(this, "verdict");
    if (place === null) return;
    const line = document.createElement("p");
    line.dataset.part = "state";
    line.textContent = wordOf(words, verdict);
    place.replaceChildren(line);
    const details = words.piece("proven");
    if (details !== null && verdict.state === "valid") {
      fill(details, verdict.proven);
      place.append(details);
    }
    const { state, reason } = verdict;
    const told = { bubbles: true, detail: { state, reason } };
    this.dispatchEvent(new CustomEvent("salus-sealed", told));
  }
}

/** The files kept for this ledger; for another one those there are, to say that none names it. */
function known(origin: string): string[] {
  const files = kept(origin);
  return files.length > 0 ? files : everything();
}
