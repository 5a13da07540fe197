// `<salus-chart>`: draws the table that the server made, to look closer and to move along.

import uPlot from "uplot/dist/uPlot.esm.js";

import { amount, moment, ticks } from "./chart/forms.ts";
import { type Data, edge, read } from "./chart/table.ts";
import { Words, part } from "./words.ts";

const HEIGHT_MIN = 120;

class Chart extends HTMLElement {
  private plot: uPlot | null = null;
  private data: Data = { times: [], series: [] };
  private at = 0;
  private readonly size = new ResizeObserver(() => this.fit());
  private readonly scheme = matchMedia("(prefers-color-scheme: dark)");
  private readonly recolour = () => this.draw();

  connectedCallback(): void {
    const table = this.querySelector("table");
    const place = part(this, "plot");
    if (table === null || place === null) return;
    this.data = read(table);
    if (this.data.times.length === 0 || this.data.series.length === 0) return;
    const [first] = this.data.series;
    // What the element says holds for the first series, unless its column says it.
    first!.low ??= edge(this.dataset.low);
    first!.high ??= edge(this.dataset.high);
    this.at = this.data.times.length - 1;
    this.draw();
    this.size.observe(place);
    this.scheme.addEventListener("change", this.recolour);
    place.tabIndex = 0;
    // A screen reader gives the arrow keys to a slider, and speaks its text when it changes.
    place.setAttribute("role", "slider");
    place.setAttribute("aria-label", this.getAttribute("aria-label") ?? this.caption(table));
    place.setAttribute("aria-valuemin", "0");
    place.setAttribute("aria-valuemax", String(this.data.times.length - 1));
    place.onkeydown = (event) => this.key(event);
    this.tell();
  }

  disconnectedCallback(): void {
    this.size.disconnect();
    this.scheme.removeEventListener("change", this.recolour);
    this.plot?.destroy();
    this.plot = null;
  }

  private caption(table: HTMLTableElement): string {
    return table.caption?.textContent?.trim() || this.data.series.map((it) => it.label).join(", ");
  }

  private colour(name: string, otherwise: string): string {
    return getComputedStyle(this).getPropertyValue(name).trim() || otherwise;
  }

  private draw(): void {
    const place = part(this, "plot")!;
    this.plot?.destroy();
    place.replaceChildren();
    const { times, series } = this.data;
    const values = [times, ...series.map((it) => it.values)] as uPlot.AlignedData;
    this.plot = new uPlot(this.options(place), values, place);
  }

  private options(place: HTMLElement): uPlot.Options {
    const text = this.colour("--chart-text", this.colour("color", "CanvasText"));
    const grid = { stroke: this.colour("--chart-grid", "rgb(128 128 128 / 25%)"), width: 1 };
    const font = `12px ${getComputedStyle(this).fontFamily}`;
    const axis = { stroke: text, grid, ticks: grid, font };
    const line = (at: number) =>
      this.colour(`--chart-line-${at + 1}`, this.colour("--chart-line", text));
    const series = this.data.series.map((it, at) => ({
      label: it.label, stroke: line(at), width: 2, spanGaps: true,
      // A second line differs by more than its colour.
      dash: at === 0 ? [] : [8, 4 * at],
      points: { show: true, size: 6, fill: line(at) },
    }));
    return {
      width: place.clientWidth,
      height: Math.max(place.clientHeight, HEIGHT_MIN),
      ms: 1,
      legend: { show: false },
      cursor: { drag: { x: true, y: false }, y: false },
      scales: { y: { range: (_, low, high) => this.range(low, high) } },
      axes: [
        { ...axis, space: 80, values: (_, at, __, ___, step) => ticks(at, step) },
        { ...axis, size: 56, values: (_, at) => at.map(amount) },
      ],
      series: [{}, ...series],
      hooks: {
        // What is drawn anew shows the cursor to whoever moves it by keys.
        ready: [() => {
          if (document.activeElement === place) this.point();
        }],
        drawClear: [(plot) => this.band(plot)],
        setCursor: [(plot) => this.pointed(plot)],
      },
    };
  }

  /** The band of reference is in sight, whatever the values are. */
  private range(low: number, high: number): [number, number] {
    const edges = [low, high, ...this.data.series.flatMap((it) => [it.low, it.high])];
    const known = edges.filter((it): it is number => it !== null && Number.isFinite(it));
    const [least, most] = [Math.min(...known), Math.max(...known)];
    const room = (most - least || Math.abs(most) || 1) * 0.08;
    return [least - room, most + room];
  }

  private band(plot: uPlot): void {
    const { left, top, width, height } = plot.bbox;
    plot.ctx.save();
    plot.ctx.fillStyle = this.colour("--chart-band", "rgb(128 128 128 / 15%)");
    for (const { low, high } of this.data.series) {
      if (low === null && high === null) continue;
      const from = high === null ? top : plot.valToPos(high, "y", true);
      const to = low === null ? top + height : plot.valToPos(low, "y", true);
      plot.ctx.fillRect(left, from, width, to - from);
    }
    plot.ctx.restore();
  }

  private fit(): void {
    const place = part(this, "plot");
    if (place === null || this.plot === null || place.clientWidth === 0) return;
    const height = Math.max(place.clientHeight, HEIGHT_MIN);
    if (place.clientWidth !== this.plot.width || height !== this.plot.height) {
      this.plot.setSize({ width: place.clientWidth, height });
    }
  }

  private key(event: KeyboardEvent): void {
    const last = this.data.times.length - 1;
    const leap = Math.max(Math.round(last / 10), 1);
    const to: Record<string, number> = {
      ArrowLeft: this.at - 1, ArrowDown: this.at - 1, ArrowRight: this.at + 1, ArrowUp: this.at + 1,
      PageDown: this.at - leap, PageUp: this.at + leap, Home: 0, End: last,
    };
    const next = to[event.key];
    if (next !== undefined) this.move(Math.min(Math.max(next, 0), last));
    else if (event.key === "+") this.zoom(0.5);
    else if (event.key === "-") this.zoom(2);
    else if (event.key === "Escape" || event.key === "0") this.whole();
    else return;
    event.preventDefault();
  }

  private move(at: number): void {
    this.at = at;
    const { plot, data: { times } } = this;
    const time = times[at]!;
    const { min, max } = plot!.scales.x!;
    // The cursor stays in sight: what is seen moves with it.
    if (time < min! || time > max!) this.look(time - (max! - min!) / 2, time + (max! - min!) / 2);
    this.point();
    this.tell();
  }

  /** Puts the cursor on the value; what is seen is settled before, in the same turn. */
  private point(): void {
    queueMicrotask(() => {
      const { plot, data: { times, series }, at } = this;
      if (plot === null) return;
      const value = series.map((it) => it.values[at]).find((it) => it != null) ?? null;
      const top = value === null ? 0 : plot.valToPos(value, "y");
      plot.setCursor({ left: plot.valToPos(times[at]!, "x"), top }, false);
    });
  }

  private look(min: number, max: number): void {
    this.plot!.setScale("x", { min, max });
    this.point();
  }

  private whole(): void {
    const { times } = this.data;
    this.look(times[0]!, times.at(-1)!);
  }

  private zoom(by: number): void {
    const { times } = this.data;
    const { min, max } = this.plot!.scales.x!;
    const [first, last] = [times[0]!, times.at(-1)!];
    const width = Math.min((max! - min!) * by, last - first);
    if (width < 1_000) return;
    const middle = times[this.at]!;
    const from = Math.min(Math.max(middle - width / 2, first), last - width);
    this.look(from, from + width);
  }

  /** The mouse points at something; what a key does moves the cursor without an event. */
  private pointed(plot: uPlot): void {
    const { idx, event } = plot.cursor;
    if (!event || idx == null || idx === this.at) return;
    this.at = idx;
    this.tell();
  }

  /** What stands under the cursor, to read and to hear. */
  private tell(): void {
    const words = Words.of(this);
    const values = this.data.series.flatMap(({ label, unit, low, high, values }) => {
      const value = values[this.at];
      if (value == null) return [];
      const below = low !== null && value < low;
      const side = below ? "low" : high !== null && value > high ? "high" : "";
      const several = this.data.series.length > 1 ? `${label} ` : "";
      return [`${several}${amount(value)} ${unit} ${side && words.say(side)}`.trim()];
    });
    const text = `${moment(this.data.times[this.at]!)}: ${values.join(", ")}`;
    const place = part(this, "plot")!;
    place.setAttribute("aria-valuenow", String(this.at));
    place.setAttribute("aria-valuetext", text);
    const shown = part(this, "value");
    if (shown !== null) shown.textContent = text;
  }
}

customElements.define("salus-chart", Chart);
