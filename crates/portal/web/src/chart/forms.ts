// Times and numbers in the language of the page, as fine as what is on the axis.

const DAY_MS = 86_400_000;

const language = () => document.documentElement.lang || undefined;

/** The marks of the axis of time, whose step tells how much of a date is worth a place. */
export function ticks(at: number[], step: number): string[] {
  const form: Intl.DateTimeFormatOptions = step >= 300 * DAY_MS ? { year: "numeric" }
    : step >= 28 * DAY_MS ? { year: "numeric", month: "short" }
    : step >= DAY_MS ? { month: "short", day: "numeric" }
    : { hour: "2-digit", minute: "2-digit" };
  const words = new Intl.DateTimeFormat(language(), form);
  return at.map((ms) => words.format(ms));
}

export function moment(ms: number): string {
  const form = { dateStyle: "medium", timeStyle: "short" } as const;
  return new Intl.DateTimeFormat(language(), form).format(ms);
}

export function amount(value: number): string {
  return new Intl.NumberFormat(language(), { maximumSignificantDigits: 6 }).format(value);
}
