// Fills what was proven into the places that the server made for it.

import type { Verdict } from "./judge.ts";
import type { Words } from "./words.ts";

/** The word of a verdict: that of its reason, else that of its state. */
export function wordOf(words: Words, { state, reason }: Verdict): string {
  const word = words.say(state);
  if (reason === "") return word;
  const why = words.say(`reason-${reason}`) || reason;
  return `${word} ${why}`.trim();
}

/** Fills every `data-proven` below an element; a place without a value goes, with its name. */
export function fill(place: ParentNode, proven: Record<string, string>): void {
  for (const at of place.querySelectorAll<HTMLElement>("[data-proven]")) {
    const value = proven[at.dataset.proven ?? ""] ?? "";
    at.textContent = value;
    // Of the verifier, in its one language.
    if (at.dataset.proven === "detail") at.lang = "en";
    const empty = value === "";
    at.hidden = empty;
    const term = at.previousElementSibling;
    if (at.tagName === "DD" && term?.tagName === "DT") (term as HTMLElement).hidden = empty;
  }
}
