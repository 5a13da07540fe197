// `<salus-seal-all>`: how many seals of the page hold, and a button that checks all of them.

import { Words, part } from "../words.ts";
import type { Seal } from "./one.ts";

export class SealAll extends HTMLElement {
  private readonly changed = () => this.sum();

  connectedCallback(): void {
    document.addEventListener("salus-sealed", this.changed);
    const button = this.querySelector<HTMLButtonElement>('[data-act="all"]');
    if (button !== null) {
      button.hidden = false;
      button.onclick = () => {
        for (const seal of seals()) seal.check(true);
      };
    }
    part(this, "summary")?.setAttribute("role", "status");
  }

  disconnectedCallback(): void {
    document.removeEventListener("salus-sealed", this.changed);
  }

  private sum(): void {
    const counts = { all: 0, valid: 0, changed: 0, failed: 0, pending: 0 };
    for (const { state } of seals()) {
      counts.all += 1;
      if (state in counts) counts[state as keyof typeof counts] += 1;
    }
    const bad = counts.changed + counts.failed;
    const state = bad > 0 ? "changed" : counts.valid === counts.all ? "valid" : "partly";
    this.setAttribute("state", state);
    const words = Words.of(this);
    const lines = [words.say("summary", counts)];
    if (bad > 0) lines.push(words.say("problem", counts));
    const summary = part(this, "summary");
    const text = lines.join(" ").trim();
    if (summary !== null && summary.textContent !== text) summary.textContent = text;
  }
}

function seals(): Seal[] {
  return [...document.querySelectorAll<Seal>("salus-seal")];
}
