// `<salus-live src>`: tells the page that something changed, over server-sent events.
//
// An open stream holds one of the browser's few connections to this node, so a page that nobody
// sees has none; when it is seen again it is told once, since it may have missed something.

const BURST_MS = 250;
const RETRY_MS = 2_000;
const RETRY_MS_MAX = 60_000;
const RETRIES_MAX = 20;

class Live extends HTMLElement {
  private source: EventSource | null = null;
  private timer = 0;
  private told = 0;
  private failures = 0;
  private readonly turned = () => this.turn();

  connectedCallback(): void {
    document.addEventListener("visibilitychange", this.turned);
    addEventListener("pagehide", this.turned);
    addEventListener("pageshow", this.turned);
    this.turn();
  }

  disconnectedCallback(): void {
    document.removeEventListener("visibilitychange", this.turned);
    removeEventListener("pagehide", this.turned);
    removeEventListener("pageshow", this.turned);
    this.close();
  }

  private turn(): void {
    if (document.visibilityState === "hidden") this.close();
    else if (this.source === null) {
      const returned = this.getAttribute("state") === "off";
      this.failures = 0;
      this.open();
      if (returned) this.tell();
    }
  }

  private open(): void {
    const src = this.getAttribute("src");
    if (src === null || new URL(src, location.href).origin !== location.origin) return;
    const source = new EventSource(src);
    this.source = source;
    this.setAttribute("state", "waiting");
    source.addEventListener("open", () => {
      this.setAttribute("state", "live");
      // What happened while the stream was broken was not heard.
      if (this.failures > 0) this.tell();
      this.failures = 0;
    });
    source.addEventListener("changed", () => this.tell());
    source.addEventListener("error", () => this.failed(source));
  }

  private failed(source: EventSource): void {
    this.setAttribute("state", "waiting");
    this.failures += 1;
    // The browser itself goes on trying, unless the answer was no stream.
    if (source.readyState !== EventSource.CLOSED) return;
    source.close();
    if (this.source !== source || this.failures > RETRIES_MAX) return;
    const wait = Math.min(RETRY_MS * 2 ** Math.min(this.failures - 1, 8), RETRY_MS_MAX);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.open(), wait);
  }

  private close(): void {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
    this.setAttribute("state", "off");
  }

  private tell(): void {
    if (this.told !== 0) return;
    this.told = setTimeout(() => {
      this.told = 0;
      document.body.dispatchEvent(new CustomEvent("salus-changed", { bubbles: true }));
    }, BURST_MS);
  }
}

customElements.define("salus-live", Live);
