// The only Trusted Types policy of a page. It is not exported to the page, and makes no script.

interface Factory {
  createPolicy(name: string, rules: object): object;
}

const rules = {
  // Answers of this node, which htmx parses: scripts in them do not run.
  createHTML: (text: string) => text,
  createScript: (text: string) => {
    if (text.trim() !== "") throw new TypeError("no script comes with an answer");
    return "";
  },
};

const factory = (globalThis as { trustedTypes?: Factory }).trustedTypes;

/** Passes what this node answered; without Trusted Types it still makes no script. */
export const policy: object = factory?.createPolicy("salus", rules) ?? rules;
