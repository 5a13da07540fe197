// The only Trusted Types policy of a page. It is not exported to the page, and makes no script; the one
// address of a script that it lets pass is that of the worker of `<salus-offline>`.

interface Factory {
  createPolicy(name: string, rules: object): object;
}

const WORKER = "/portal/packs/offline-worker.js";

const rules = {
  // Answers of this node, which htmx parses: scripts in them do not run.
  createHTML: (text: string) => text,
  createScript: (text: string) => {
    if (text.trim() !== "") throw new TypeError("no script comes with an answer");
    return "";
  },
  createScriptURL: (address: string) => {
    if (address !== WORKER) throw new TypeError("no script is loaded but the worker");
    return address;
  },
};

const factory = (globalThis as { trustedTypes?: Factory }).trustedTypes;

/** Passes what this node answered; without Trusted Types it still makes no script. */
export const policy: object = factory?.createPolicy("salus", rules) ?? rules;

/** The address of the worker, as the browser wants it. */
export function worker(): string {
  return (policy as typeof rules).createScriptURL(WORKER);
}
