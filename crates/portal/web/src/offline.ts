// `<salus-offline data-user>`: scans of packs that are kept in this browser while there is no
// connection, and sent when there is one. The page itself is kept too, so that it opens without one.

import { Words, moment, part } from "./words.ts";

/** A scan that waits here. */
interface Scan {
  id: string;
  scan: string;
  act: string;
  taken: string;
  user: string;
  /** Why the organisation does not take it. */
  refused?: string;
}

const PAGE = "/portal/packs/offline";
const DOOR = "/portal/api/packs/offline";
const PAGES = "salus-offline";
const SCANS_MAX = 2_000;
/** The bound of a scan at the door. */
const BYTES_MAX = 512;
const AT_ONCE = 200;
const TRY_MS = 20_000;
/** The token of forms that the page brings, as `page.rs` writes it. */
const TOKEN = /<meta name="salus-form" content="([^"]{1,500})">/;

function asked<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((done, failed) => {
    request.addEventListener("success", () => done(request.result));
    request.addEventListener("error", () => failed(request.error));
  });
}

/** The scans of this browser, whatever becomes of the page. */
class Shelf {
  private constructor(private readonly base: IDBDatabase) {}

  static async open(): Promise<Shelf> {
    const request = indexedDB.open("salus-offline", 1);
    request.addEventListener("upgradeneeded", () => {
      request.result.createObjectStore("scans", { keyPath: "id" });
    });
    return new Shelf(await asked(request));
  }

  private scans(mode: IDBTransactionMode): IDBObjectStore {
    return this.base.transaction("scans", mode, { durability: "strict" }).objectStore("scans");
  }

  async all(): Promise<Scan[]> {
    const all = (await asked(this.scans("readonly").getAll())) as Scan[];
    return all.sort((one, other) => one.taken.localeCompare(other.taken));
  }

  /** Resolves when it is on the disk. */
  async keep(scan: Scan): Promise<void> {
    const scans = this.scans("readwrite");
    scans.put(scan);
    await new Promise<void>((done, failed) => {
      scans.transaction.addEventListener("complete", () => done());
      scans.transaction.addEventListener("abort", () => failed(scans.transaction.error));
    });
  }

  async drop(id: string): Promise<void> {
    await asked(this.scans("readwrite").delete(id));
  }
}

/** What came of sending. */
type Sent = "sent" | "away" | "session" | "busy" | { refused: string };

class Offline extends HTMLElement {
  private shelf: Shelf | null = null;
  private sending = false;
  private timer = 0;
  private readonly words = Words.of(this);
  private readonly online = () => void this.send();

  connectedCallback(): void {
    void this.start();
  }

  disconnectedCallback(): void {
    removeEventListener("online", this.online);
    clearInterval(this.timer);
  }

  private async start(): Promise<void> {
    try {
      this.shelf = await Shelf.open();
      // Without it a browser may throw scans away when its disk is full.
      void navigator.storage?.persist?.();
    } catch {
      return this.tell("no-shelf");
    }
    const form = this.querySelector("form");
    form?.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.take(form);
    });
    addEventListener("online", this.online);
    this.timer = setInterval(this.online, TRY_MS);
    await this.show();
    this.setAttribute("state", "ready");
    await Promise.all([this.keepPage(), this.send()]);
  }

  /** Keeps this page and what it loads: the worker answers with it where nothing else does. */
  private async keepPage(): Promise<void> {
    const needed = [...document.querySelectorAll("script[src], link[rel=stylesheet]")]
      .map((it) => it.getAttribute("src") ?? it.getAttribute("href") ?? "");
    const camera = this.querySelector("salus-camera");
    needed.push(camera?.getAttribute("reader") ?? "", camera?.getAttribute("wasm") ?? "");
    try {
      const kept = await caches.open(PAGES);
      const page = await fetch(PAGE, { cache: "no-store" });
      // A form to sign in is no page to work with.
      if (!page.ok || page.redirected) return;
      await kept.put(PAGE, page);
      const assets = needed.filter((it) => it.startsWith("/portal/assets/"));
      for (const old of await kept.keys()) {
        const { pathname, search } = new URL(old.url);
        if (pathname !== PAGE && !assets.includes(pathname + search)) await kept.delete(old);
      }
      for (const asset of assets) if (!(await kept.match(asset))) await kept.add(asset);
      this.setAttribute("kept", "");
    } catch {
      // Without a connection there is nothing new to keep.
    }
  }

  private async take(form: HTMLFormElement): Promise<void> {
    const field = form.querySelector<HTMLInputElement>("input[name=scan]");
    const act = form.querySelector<HTMLSelectElement>("select[name=act]");
    if (this.shelf === null || field === null || act === null) return;
    const scan = field.value.trim();
    const bytes = new TextEncoder().encode(scan).length;
    if (bytes === 0 || bytes > BYTES_MAX) return this.tell("empty");
    if ((await this.shelf.all()).length >= SCANS_MAX) return this.tell("full");
    const kept: Scan = {
      id: crypto.randomUUID(),
      scan,
      act: act.value,
      taken: new Date().toISOString(),
      user: this.dataset.user ?? "",
    };
    try {
      await this.shelf.keep(kept);
    } catch {
      return this.tell("no-shelf");
    }
    field.value = "";
    field.focus();
    await this.show();
    this.tell("kept");
    await this.send();
  }

  /** Sends what waits, in bodies of a bounded size. */
  private async send(): Promise<void> {
    if (this.shelf === null || this.sending || !navigator.onLine) return;
    this.sending = true;
    try {
      const waiting = (await this.shelf.all()).filter((it) => it.refused === undefined);
      for (let from = 0; from < waiting.length; from += AT_ONCE) {
        const some = waiting.slice(from, from + AT_ONCE);
        const sent = await this.post(some);
        if (sent === "sent") {
          for (const scan of some) await this.shelf.drop(scan.id);
          this.tell("sent", { count: some.length });
        } else if (typeof sent === "object") {
          await this.singly(some);
        } else {
          this.tell(sent);
          break;
        }
      }
    } finally {
      this.sending = false;
      await this.show();
    }
  }

  /** One of them is refused: the others are not held up by it. */
  private async singly(scans: Scan[]): Promise<void> {
    for (const scan of scans) {
      const sent = await this.post([scan]);
      if (sent === "sent") await this.shelf?.drop(scan.id);
      else if (typeof sent === "object") await this.shelf?.keep({ ...scan, refused: sent.refused });
      else return;
    }
  }

  private async post(scans: Scan[]): Promise<Sent> {
    try {
      const token = await this.token();
      if (token === null) return "session";
      const body = scans.map(({ id, scan, act, taken }) => ({ id, scan, act, taken }));
      const response = await fetch(DOOR, {
        method: "POST",
        headers: { "content-type": "application/json", "x-salus-form": token },
        body: JSON.stringify({ scans: body }),
        cache: "no-store",
      });
      if (response.redirected || response.status === 401) return "session";
      if (response.status === 202) return "sent";
      if (response.status === 400 || response.status === 422) {
        const answer = await response.json().catch(() => null);
        return { refused: String(answer?.issue?.[0]?.details?.text ?? "").slice(0, 300) };
      }
      return response.status === 403 ? "session" : "busy";
    } catch {
      return "away";
    }
  }

  /** The token of the session as it is now; this page may be older. */
  private async token(): Promise<string | null> {
    const page = await fetch(PAGE, { cache: "no-store" });
    if (!page.ok || page.redirected) return null;
    return TOKEN.exec(await page.text())?.[1] ?? null;
  }

  private tell(word: string, values: Record<string, string | number> = {}): void {
    const status = part(this, "message");
    if (status) status.textContent = this.words.say(word, values);
    this.setAttribute("said", word);
  }

  private async show(): Promise<void> {
    const [list, all] = [part(this, "waiting"), (await this.shelf?.all()) ?? []];
    const count = part(this, "count");
    if (count) count.textContent = this.words.say(all.length === 0 ? "none" : "count",
      { count: all.length });
    list?.replaceChildren(...all.map((it) => this.line(it)));
  }

  private line(scan: Scan): HTMLLIElement {
    const line = document.createElement("li");
    const code = document.createElement("code");
    code.textContent = scan.scan;
    const about = document.createElement("p");
    about.className = "soft";
    const act = this.words.say(`act-${scan.act}`);
    about.textContent = `${act}, ${moment(Date.parse(scan.taken))}, ${scan.user}`;
    const drop = document.createElement("button");
    drop.type = "button";
    drop.className = "second";
    drop.textContent = this.words.say("drop");
    drop.setAttribute("aria-label", `${this.words.say("drop")} ${scan.scan}`);
    drop.addEventListener("click", () => {
      void this.shelf?.drop(scan.id).then(() => this.show());
    });
    line.append(code, about);
    if (scan.refused !== undefined) {
      const why = document.createElement("p");
      why.className = "wrong";
      why.textContent = this.words.say("refused", { why: scan.refused });
      line.append(why);
    }
    line.append(drop);
    return line;
  }
}

customElements.define("salus-offline", Offline);
