// What the page of an export says, in English and German.

export interface Texts {
  title: string;
  about: string;
  trust: string;
  working: string;
  all: (valid: number, pending: number) => string;
  some: (invalid: number, all: number) => string;
  nothing: string;
  unreadable: string;
  valid: (block: bigint, when: Date) => string;
  pending: string;
  invalid: (why: string) => string;
  columns: [string, string];
}

const EN: Texts = {
  title: "Copy of the record",
  about:
    "This page holds your record and what proves it. It works without a network and sends nothing " +
    "anywhere. Your browser has just compared every version with its receipt.",
  trust:
    "The check believes the trust file that came with this copy. Compare its digest (SHA-256) with " +
    "one from somebody whom you trust:",
  working: "Checking ...",
  all: (valid, pending) =>
    `All is well. Exactly as committed to the ledger: ${valid} of ${valid + pending}.` +
    (pending > 0 ? ` Still without a receipt: ${pending}; a later copy has it.` : ""),
  some: (invalid, all) =>
    `Do not rely on this copy. Not fitting the receipt: ${invalid} of ${all}, first in the list.`,
  nothing: "There is no version in this copy.",
  unreadable: "This copy cannot be checked: it was changed or is not complete.",
  valid: (block, when) => `unchanged since block ${block}, ${when.toLocaleString("en-GB")}`,
  pending: "no receipt yet",
  invalid: (why) => `does not fit its receipt (${why})`,
  columns: ["Version", "What the check says"],
};

const DE: Texts = {
  title: "Kopie der Akte",
  about:
    "Diese Seite enthält Ihre Akte und was sie beweist. Sie braucht kein Netz und sendet nichts. Ihr " +
    "Browser hat gerade jede Fassung mit ihrer Quittung verglichen.",
  trust:
    "Die Prüfung glaubt der Vertrauensdatei, die dieser Kopie beiliegt. Vergleichen Sie deren " +
    "Prüfsumme (SHA-256) mit der von jemandem, dem Sie vertrauen:",
  working: "Wird geprüft ...",
  all: (valid, pending) =>
    `Alles in Ordnung. Genau wie im Register verankert: ${valid} von ${valid + pending}.` +
    (pending > 0 ? ` Noch ohne Quittung: ${pending}; eine spätere Kopie hat sie.` : ""),
  some: (invalid, all) =>
    `Verlassen Sie sich nicht auf diese Kopie. Passt nicht zur Quittung: ${invalid} von ${all}, ` +
    "zuerst in der Liste.",
  nothing: "Diese Kopie enthält keine Fassung.",
  unreadable: "Diese Kopie lässt sich nicht prüfen: sie wurde verändert oder ist unvollständig.",
  valid: (block, when) => `unverändert seit Block ${block}, ${when.toLocaleString("de-DE")}`,
  pending: "noch keine Quittung",
  invalid: (why) => `passt nicht zu ihrer Quittung (${why})`,
  columns: ["Fassung", "Was die Prüfung sagt"],
};

/** The texts of the browser's language, and its code. */
export function texts(language: string): [Texts, string] {
  return language.toLowerCase().startsWith("de") ? [DE, "de"] : [EN, "en"];
}
