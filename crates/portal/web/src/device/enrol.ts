// `<salus-device>`: makes a patient's keys on this device, backs them up, and brings them back.

import { encode, hex, labelled } from "../../../../../verifier/src/bytes.ts";
import { part } from "../words.ts";
import { Refused, get, post } from "./api.ts";
import { Writer, fromHex } from "./bytes.ts";
import { NotSigned } from "./check.ts";
import { type Device, type Facts, type Wrapping, find, forget, keep } from "./kept.ts";
import { Panel } from "./panel.ts";
import * as passkey from "./passkey.ts";
import { Seed } from "./seed.ts";
import { Unusable, fromText, recover, split, toText } from "./shares.ts";
import { sealFile, wrapDevice } from "./wrap.ts";

const KEYS = "/identity/keys";
const PASSPHRASE_MIN = 12;

interface Keys {
  current: { number: number; mode: string; consent_key: string } | null;
}

export class DevicePanel extends Panel {
  private keys: Keys = { current: null };
  private facts: Facts | null = null;
  private device: Device | null = null;

  connectedCallback(): void {
    this.act("make", () => this.make());
    this.act("shares", () => this.shares());
    this.act("recover", () => this.recover());
    this.act("done", () => this.done());
    this.act("forget", () => this.forget());
    this.act("print", async () => {
      this.message("");
      print();
    });
    // Cards are on the page while they are looked at, and no longer.
    addEventListener("pagehide", () => this.clear(), { once: true });
    void this.run(() => this.look());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.clear();
  }

  private get name(): string {
    return this.dataset.name ?? this.patient;
  }

  /** What the organisation knows, and what this browser has. */
  private async look(): Promise<void> {
    const status = await get("/ledger/status", this.patient);
    const { organisation, chain_id: chain } = status;
    if (typeof organisation !== "string" || !/^[0-9a-f]{64}$/.test(chain)) {
      throw new NotSigned("unusable");
    }
    this.facts = { organisation, chain, patient: this.patient, grants: [], delegations: [] };
    this.keys = await this.known();
    this.device = await find(`${organisation}/${this.patient}`);
    this.message("");
    const { current } = this.keys;
    const own = this.device !== null && current?.consent_key === this.device.consentKey;
    if (own && current.mode === "device") this.step("enrolled");
    else if (current?.mode === "device") this.step("elsewhere");
    else this.step(this.device === null ? "none" : "unfinished");
  }

  private async known(): Promise<Keys> {
    try {
      return (await get(KEYS, this.patient)) as Keys;
    } catch (error) {
      if (error instanceof Refused && error.status === 404) return { current: null };
      throw error;
    }
  }

  /** A seed that is there already was made by a call that did not reach the organisation. */
  private async make(): Promise<void> {
    this.keys = await this.known();
    if (this.keys.current?.mode === "device") throw new NotSigned("elsewhere");
    const seed = this.device === null ? Seed.random() : await this.open(this.device);
    try {
      this.device ??= await this.wrapped(seed);
      await this.enrol(seed);
      this.show(seed);
    } finally {
      seed.wipe();
    }
  }

  /** Wraps a seed and keeps it: it is on the disk when this returns. */
  private async wrapped(seed: Seed): Promise<Device> {
    const facts = this.facts!;
    const id = `${facts.organisation}/${facts.patient}`;
    const consentKey = seed.consenting((key) => hex(key.public));
    const device = { id, consentKey, facts, wrapping: await this.wrapping(seed, id) };
    await keep(device);
    return device;
  }

  private async wrapping(seed: Seed, id: string): Promise<Wrapping> {
    const made = this.dataset.passphrase === undefined ? await passkey.make(this.name) : null;
    if (made !== null) {
      const wrapped = await wrapDevice(seed, made.secret, id);
      made.secret.fill(0);
      return { kind: "passkey", credential: made.credential, wrapped };
    }
    const passphrase = await this.passphrase("new");
    if (passphrase.length < PASSPHRASE_MIN) throw new NotSigned("short");
    return { kind: "passphrase", file: await sealFile(seed, passphrase) };
  }

  /** Proves that the key is here, and tells the organisation. */
  private async enrol(seed: Seed): Promise<void> {
    const { organisation, chain, patient } = this.facts!;
    const number = (this.keys.current?.number ?? 0) + 1;
    const body = seed.consenting((key) => {
      const digest = labelled(
        "salus/patient-key/v1", fromHex(chain), encode(organisation), encode(patient),
        new Writer().u64(BigInt(number)).bytes(), key.public, new Uint8Array(),
      );
      return {
        mode: "device", consent_key: hex(key.public), possession: hex(key.sign(digest)),
      };
    });
    this.keys = (await post(KEYS, this.patient, body)) as Keys;
    this.dispatchEvent(new CustomEvent("salus-enrolled", { bubbles: true }));
  }

  private async shares(): Promise<void> {
    if (this.device === null) throw new NotSigned("no-key");
    const seed = await this.open(this.device);
    try {
      this.show(seed);
    } finally {
      seed.wipe();
    }
  }

  /** Shows a new set of three cards; they are kept nowhere. */
  private show(seed: Seed): void {
    const place = part(this, "cards");
    const card = part<HTMLTemplateElement>(this, "card");
    if (place === null || card === null) throw new NotSigned("no-cards");
    const shares = split(seed).map((share) => {
      const copy = card.content.cloneNode(true) as DocumentFragment;
      const values: Record<string, string> = {
        number: String(share.number), set: hex(share.set), text: toText(share),
        organisation: this.facts!.organisation,
      };
      share.value.fill(0);
      for (const at of copy.querySelectorAll<HTMLElement>("[data-share]")) {
        at.textContent = values[at.dataset.share ?? ""] ?? "";
      }
      return copy;
    });
    place.replaceChildren(...shares);
    this.message("");
    this.step("backup");
  }

  private clear(): void {
    part(this, "cards")?.replaceChildren();
  }

  private async done(): Promise<void> {
    this.clear();
    await this.look();
  }

  /** Two cards bring the seed to this device. */
  private async recover(): Promise<void> {
    const fields = [...this.querySelectorAll<HTMLTextAreaElement>('[name="share"]')];
    const texts = fields.map((it) => it.value.trim()).filter((it) => it !== "");
    if (texts.length < 2) throw new Unusable("count");
    const seed = recover(texts.map(fromText));
    try {
      this.keys = await this.known();
      const own = seed.consenting((key) => hex(key.public));
      if (this.keys.current?.consent_key !== own) throw new NotSigned("other-seed");
      this.device = await this.wrapped(seed);
      // The organisation kept the seed: the same key moves to the device.
      if (this.keys.current.mode !== "device") await this.enrol(seed);
    } finally {
      seed.wipe();
    }
    for (const field of fields) field.value = "";
    await this.look();
    this.message(this.words.say("recovered"));
  }

  private async forget(): Promise<void> {
    if (this.device !== null) await forget(this.device.id);
    await this.look();
  }
}
