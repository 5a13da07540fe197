// What both elements of a device share: steps of which one is shown, messages, a passphrase.

import { Words, part } from "../words.ts";
import { Refused } from "./api.ts";
import { NotSigned } from "./check.ts";
import type { Device } from "./kept.ts";
import * as passkey from "./passkey.ts";
import type { Seed } from "./seed.ts";
import { Unusable } from "./shares.ts";
import { Sealed, openDevice, openFile } from "./wrap.ts";

/** The person took back what was begun. */
export class Given extends Error {}

export abstract class Panel extends HTMLElement {
  protected words = Words.of(this);
  private busy = false;
  private given: ((passphrase: string | null) => void) | null = null;

  get patient(): string {
    return this.dataset.patient ?? "";
  }

  /** Shows one step; the attribute `state` has its name. */
  protected step(name: string): void {
    this.setAttribute("state", name);
    for (const one of this.querySelectorAll<HTMLElement>("[data-step]")) {
      one.hidden = one.dataset.step !== name;
    }
  }

  protected message(text: string, bad = false): void {
    const place = part(this, "message");
    if (place === null) return;
    place.setAttribute("role", bad ? "alert" : "status");
    place.toggleAttribute("data-bad", bad);
    place.textContent = text;
  }

  /** Lets a button do something; nothing else begins before it has ended. */
  protected act(name: string, work: () => Promise<void>): void {
    for (const button of this.querySelectorAll<HTMLElement>(`[data-act="${name}"]`)) {
      if (button instanceof HTMLFormElement) {
        button.onsubmit = (event) => {
          event.preventDefault();
          void this.run(work);
        };
      } else {
        button.onclick = () => void this.run(work);
      }
    }
  }

  protected async run(work: () => Promise<void>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.setAttribute("aria-busy", "true");
    this.message(this.words.say("busy"));
    try {
      await work();
    } catch (error) {
      this.failed(error);
    } finally {
      this.busy = false;
      this.removeAttribute("aria-busy");
    }
  }

  private failed(error: unknown): void {
    const { name, detail } = reasonOf(error);
    this.setAttribute("reason", name);
    const words = this.words.say(`reason-${name}`, { detail });
    this.message(words === "" ? `${this.words.say("failed")} ${name} ${detail}`.trim() : words, true);
    const told = { bubbles: true, detail: { reason: name, detail } };
    this.dispatchEvent(new CustomEvent("salus-failed", told));
  }

  /** Opens the seed with what its owner has: the passkey, or the passphrase. */
  protected async open(device: Device): Promise<Seed> {
    const { wrapping } = device;
    if (wrapping.kind === "passkey") {
      const secret = await passkey.ask(wrapping.credential);
      try {
        return await openDevice(secret, device.id, wrapping.wrapped);
      } finally {
        secret.fill(0);
      }
    }
    return openFile(wrapping.file, await this.passphrase("open"));
  }

  /** Asks for the passphrase in the form that the server made for it. */
  protected async passphrase(purpose: "open" | "new"): Promise<string> {
    const form = this.querySelector<HTMLFormElement>(`form[data-passphrase="${purpose}"]`);
    if (form === null) throw new NotSigned("no-passphrase-form");
    const fields = [...form.querySelectorAll<HTMLInputElement>('input[type="password"]')];
    form.hidden = false;
    this.message("");
    fields[0]?.focus();
    const given = await new Promise<string | null>((done) => {
      this.given = done;
      form.onsubmit = (event) => {
        event.preventDefault();
        const [first, second] = fields.map((it) => it.value);
        if (second !== undefined && second !== first) {
          this.message(this.words.say("reason-differ"), true);
          return;
        }
        done(first ?? "");
      };
      form.onreset = () => done(null);
    });
    this.given = null;
    form.hidden = true;
    for (const field of fields) field.value = "";
    if (given === null) throw new Given();
    this.message(this.words.say("busy"));
    // The browser paints before a second of arithmetic.
    await new Promise((painted) => requestAnimationFrame(() => setTimeout(painted)));
    return given;
  }

  disconnectedCallback(): void {
    this.given?.(null);
  }
}

function reasonOf(error: unknown): { name: string; detail: string } {
  if (error instanceof NotSigned || error instanceof Unusable) {
    return { name: error.reason, detail: "" };
  }
  if (error instanceof Refused) return { name: "refused", detail: error.said || String(error.status) };
  if (error instanceof Sealed) return { name: "sealed", detail: "" };
  if (error instanceof Given) return { name: "cancelled", detail: "" };
  // The person closed the browser's question, or the authenticator is not there.
  if (error instanceof DOMException && error.name === "NotAllowedError") {
    return { name: "cancelled", detail: "" };
  }
  return { name: "failed", detail: String(error).slice(0, 200) };
}
