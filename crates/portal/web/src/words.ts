// The words of an island: all are made by the server, in its children or in a template of the page.

const WORDS_MAX = 1_000;

/** Where an island's words stand, and the pieces that it fills in. */
export class Words {
  constructor(private readonly places: ParentNode[]) {}

  /** The words of an element: its own, then those of the template with this id. */
  static of(element: Element, template?: string): Words {
    const shared = template === undefined ? null : document.getElementById(template);
    const places: ParentNode[] = [element];
    if (shared instanceof HTMLTemplateElement) places.push(shared.content);
    return new Words(places);
  }

  private find(selector: string): Element | null {
    for (const place of this.places) {
      const found = place.querySelector(selector);
      if (found !== null) return found;
    }
    return null;
  }

  has(name: string): boolean {
    return this.find(`[data-say="${CSS.escape(name)}"]`) !== null;
  }

  /** A word with its `{name}`s replaced; nothing, if the server gave none. */
  say(name: string, values: Record<string, string | number> = {}): string {
    const text = this.find(`[data-say="${CSS.escape(name)}"]`)?.textContent?.trim() ?? "";
    return text
      .slice(0, WORDS_MAX)
      .replace(/\{([a-z_]+)\}/g, (whole, key: string) => String(values[key] ?? whole));
  }

  /** A copy of a piece that stands in the shared template. */
  piece(part: string): HTMLElement | null {
    const found = this.find(`[data-part="${CSS.escape(part)}"]`);
    return found === null ? null : (found.cloneNode(true) as HTMLElement);
  }
}

/** The part of an element with this name. */
export function part<T extends HTMLElement = HTMLElement>(element: ParentNode, name: string) {
  return element.querySelector<T>(`[data-part="${CSS.escape(name)}"]`);
}

/** A moment in the language of the page. */
export function moment(ms: number): string {
  const language = document.documentElement.lang || undefined;
  const form = { dateStyle: "medium", timeStyle: "medium" } as const;
  return new Intl.DateTimeFormat(language, form).format(ms);
}
