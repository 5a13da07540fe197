// The stretch of time that a FHIR dateTime covers, in microseconds: `fhir::moment`.

const DAY_US = 86_400_000_000n;
const SECOND_US = 1_000_000n;
const TIME = /^(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/;

export type Stretch = [bigint, bigint];

/** `[from, to)`, or null if the text is no date, partial date or timestamp with a zone. */
export function stretchOf(text: string): Stretch | null {
  const found = /^(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?:T(.*))?$/s.exec(text);
  if (found === null) return null;
  const [, year, month, day, time] = found;
  const days = daysOf(Number(year), Number(month ?? 0), Number(day ?? 0), month, day);
  if (days === null || time === undefined) return days;
  if (day === undefined) return null;
  const clock = clockOf(time);
  return clock && [days[0] + clock[0], days[0] + clock[1]];
}

function daysOf(
  year: number, month: number, day: number, hasMonth?: string, hasDay?: string,
): Stretch | null {
  if (year === 0) return null;
  if (hasMonth === undefined) return [civil(year, 1, 1), civil(year + 1, 1, 1)];
  if (month < 1 || month > 12) return null;
  if (hasDay === undefined) {
    return [civil(year, month, 1), month === 12 ? civil(year + 1, 1, 1) : civil(year, month + 1, 1)];
  }
  const first = civil(year, month, day);
  const next = month === 12 ? civil(year + 1, 1, 1) : civil(year, month + 1, 1);
  return day < 1 || first >= next ? null : [first, first + DAY_US];
}

/** The first microsecond of a day. */
function civil(year: number, month: number, day: number): bigint {
  const date = new Date(0);
  // Years below 100 are years of the last century to `Date.UTC`.
  date.setUTCFullYear(year, month - 1, day);
  return BigInt(date.getTime()) * 1_000n;
}

function clockOf(text: string): Stretch | null {
  const found = TIME.exec(text);
  if (found === null) return null;
  const [, hour, minute, second, fraction = "", zone = ""] = found;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return null;
  let offset = 0n;
  if (zone !== "Z") {
    const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(4))];
    if (minutes > 59 || hours > 14 || (hours === 14 && minutes > 0)) return null;
    offset = BigInt(hours * 60 + minutes) * 60n * SECOND_US * (zone[0] === "-" ? -1n : 1n);
  }
  const digits = fraction.slice(0, 6);
  const width = SECOND_US / 10n ** BigInt(digits.length);
  const whole = BigInt((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * SECOND_US;
  const from = whole + BigInt(digits || "0") * width - offset;
  return [from, from + width];
}
