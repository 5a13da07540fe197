// What a chart draws: the cells of the table that the server made.

const ROWS_MAX = 20_000;

export interface Series {
  label: string;
  unit: string;
  /** The edges of what is usual. */
  low: number | null;
  high: number | null;
  values: (number | null)[];
}

export interface Data {
  /** Milliseconds since 1970, in order. */
  times: number[];
  series: Series[];
}

/** A number of a data attribute. */
export function edge(text: string | undefined): number | null {
  const value = text === undefined || text.trim() === "" ? NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}

/** A number as `data-value`, else as a computer would write it. */
function numberOf(cell: HTMLElement | undefined): number | null {
  return edge(cell?.dataset.value ?? cell?.textContent ?? "");
}

/** A time as `data-value`, or that of the `<time>` in the cell. */
function timeOf(cell: HTMLElement | undefined): number {
  const stated = cell?.dataset.value ?? cell?.querySelector("time")?.dateTime;
  return Date.parse(stated ?? cell?.textContent ?? "");
}

/** The first column is when, each other one a series named by its heading. */
export function read(table: HTMLTableElement): Data {
  const heads = [...(table.tHead?.rows[0]?.cells ?? [])].slice(1);
  const rows = [...table.tBodies].flatMap((body) => [...body.rows]).slice(0, ROWS_MAX);
  const read = rows.map((row) => ({ time: timeOf(row.cells[0]), cells: [...row.cells].slice(1) }));
  const known = read.filter(({ time }) => Number.isFinite(time)).sort((a, b) => a.time - b.time);
  const series = heads.map((head, at) => ({
    label: head.textContent?.trim() ?? "",
    unit: head.dataset.unit ?? "",
    low: edge(head.dataset.low),
    high: edge(head.dataset.high),
    values: known.map(({ cells }) => numberOf(cells[at])),
  }));
  return { times: known.map(({ time }) => time), series };
}
