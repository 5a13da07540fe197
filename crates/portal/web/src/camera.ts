// `<salus-camera reader wasm>`: reads the code of a pack with the camera, into the field and form
// beside it. Nothing that the camera sees leaves this page.

interface Found {
  rawValue: string;
}
interface Detector {
  detect(source: HTMLVideoElement): Promise<Found[]>;
}
interface Reader {
  detector(wasm: string): Promise<Detector>;
}

const LOOK_MS = 150;
/** A camera that sees no code for so long is turned off. */
const SECONDS_MAX = 90;

class Camera extends HTMLElement {
  private stream: MediaStream | null = null;
  private button: HTMLButtonElement | null = null;
  private readonly video = document.createElement("video");
  private readonly away = () => this.stop("");

  connectedCallback(): void {
    // Without a camera, or on a page that is not secure, there is nothing to offer.
    if (navigator.mediaDevices?.getUserMedia === undefined) return;
    this.button = this.querySelector("button");
    this.button?.addEventListener("click", () => void this.turn());
    this.video.muted = true;
    this.video.playsInline = true;
    this.video.hidden = true;
    this.video.setAttribute("aria-label", this.say("picture"));
    this.prepend(this.video);
    // Its place was kept free until now, so that nothing moves.
    this.setAttribute("state", "");
    addEventListener("pagehide", this.away);
  }

  disconnectedCallback(): void {
    removeEventListener("pagehide", this.away);
    this.stop("");
  }

  private say(word: string): string {
    return this.querySelector(`[data-say="${word}"]`)?.textContent ?? "";
  }

  private async turn(): Promise<void> {
    if (this.stream !== null) return this.stop("");
    try {
      this.show("starting");
      const video = { facingMode: "environment", width: { ideal: 1280 } };
      this.stream = await navigator.mediaDevices.getUserMedia({ video, audio: false });
    } catch {
      return this.stop("denied");
    }
    try {
      const detector = await this.detector();
      this.video.srcObject = this.stream;
      this.video.hidden = false;
      await this.video.play();
      this.show("looking");
      await this.look(detector);
    } catch {
      this.stop("broken");
    }
  }

  /** The browser's own, where it reads DataMatrix; else one that is loaded now. */
  private async detector(): Promise<Detector> {
    const own = (globalThis as { BarcodeDetector?: {
      new (options: { formats: string[] }): Detector;
      getSupportedFormats(): Promise<string[]>;
    } }).BarcodeDetector;
    const known = own === undefined ? [] : await own.getSupportedFormats();
    if (own !== undefined && known.includes("data_matrix")) {
      const formats = ["data_matrix", "qr_code", "code_128"].filter((it) => known.includes(it));
      return new own({ formats });
    }
    const [reader, wasm] = [this.address("reader"), this.address("wasm")];
    const module = (await import(reader)) as Reader;
    return module.detector(wasm);
  }

  /** An address of this origin. */
  private address(name: string): string {
    const address = new URL(this.getAttribute(name) ?? "", location.href);
    if (address.origin !== location.origin) throw new Error("the reader is of another origin");
    return address.href;
  }

  private async look(detector: Detector): Promise<void> {
    const until = Date.now() + SECONDS_MAX * 1_000;
    while (this.stream !== null) {
      const found = await detector.detect(this.video);
      const code = found.find((it) => it.rawValue !== "");
      if (code !== undefined) return this.fill(code.rawValue);
      if (Date.now() > until) return this.stop("nothing");
      await new Promise((go) => setTimeout(go, LOOK_MS));
    }
  }

  private fill(code: string): void {
    this.stop("found");
    const form = document.getElementById(this.getAttribute("field") ?? "")?.closest("form");
    const field = form?.querySelector<HTMLInputElement>("input[name=scan]");
    if (!form || !field) return;
    field.value = code;
    form.requestSubmit();
  }

  private stop(word: string): void {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.video.srcObject = null;
    this.video.hidden = true;
    this.show(word);
  }

  private show(word: string): void {
    const on = this.stream !== null || word === "starting";
    this.setAttribute("state", word);
    if (this.button) this.button.textContent = this.say(on ? "off" : "on");
    const status = this.querySelector("[role=status]");
    if (status) status.textContent = word === "" ? "" : this.say(word);
  }
}

customElements.define("salus-camera", Camera);
