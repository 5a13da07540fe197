// `<salus-sign>`: prepares an act of a patient, checks what was prepared, shows it, and signs it.

import { hex } from "../../../../../verifier/src/bytes.ts";
import { canonical } from "../../../../../verifier/src/json.ts";
import { fill } from "../show.ts";
import { moment, part } from "../words.ts";
import { get, operation, post } from "./api.ts";
import { toBase64 } from "./bytes.ts";
import { type Asked, NotSigned, checked } from "./check.ts";
import type { Json } from "./coding.ts";
import { type Device, accept, find, remember } from "./kept.ts";
import { Panel } from "./panel.ts";
import { rules } from "./rules.ts";
import { type Signed, signStatement } from "./sign.ts";
import type { Statement } from "./statement.ts";

const FILE = "/fhir/Consent/$fileConsent";
const REVOKE = "/fhir/Consent/$revokeConsent";
const CODES = "/sharing/codes";
const HOUR_MS = 3_600_000;

export class SignPanel extends Panel {
  private device: Device | null = null;
  private asked: Asked | null = null;
  private statement: Statement | null = null;

  connectedCallback(): void {
    this.act("prepare", () => this.prepare());
    this.act("sign", () => this.sign());
    this.act("cancel", async () => this.begin());
    void this.run(() => this.look());
  }

  private async look(): Promise<void> {
    const { organisation } = await get("/ledger/status", this.patient);
    this.device = await find(`${organisation}/${this.dataset.holder ?? this.patient}`);
    this.begin();
  }

  private begin(): void {
    this.statement = null;
    this.message("");
    this.step(this.device === null ? "no-key" : "ask");
  }

  private wanted(): Asked {
    const { kind = "", consent = "", organisation = "" } = this.dataset;
    if (kind === "consent") return { kind, consent: readConsent(consent) };
    if (kind === "withdraw") return { kind, consent: consent.replace(/^Consent\//, "") };
    if (kind === "code") return { kind, organisation };
    if (kind === "accept") return { kind };
    throw new NotSigned("act");
  }

  private async prepare(): Promise<void> {
    if (this.device === null) throw new NotSigned("no-key");
    const wanted = this.wanted();
    const text = await this.prepared(wanted);
    const statement = checked(this.device.facts, this.patient, text, wanted, Date.now());
    this.asked = wanted;
    this.statement = statement;
    this.review(statement, wanted);
  }

  /** The first step: it changes nothing. Answers the statement. */
  private async prepared(wanted: Asked): Promise<unknown> {
    const prepare = { name: "prepare", valueBoolean: true };
    switch (wanted.kind) {
      case "consent": {
        const consent = { name: "consent", resource: wanted.consent };
        return (await operation(FILE, this.patient, [consent, prepare]))("statement")?.valueBase64Binary;
      }
      case "withdraw": {
        const first = [reference(wanted.consent), prepare];
        return (await operation(REVOKE, this.patient, first))("statement")?.valueBase64Binary;
      }
      case "code": {
        const { organisation } = wanted;
        const body = { patient: this.patient, organisation, prepare: true };
        return (await post(CODES, this.patient, body)).statement;
      }
      case "accept":
        return (await post(this.acceptance(), this.holder, { prepare: true })).statement;
    }
  }

  private get holder(): string {
    return this.dataset.holder ?? this.patient;
  }

  private acceptance(): string {
    const { delegation = "" } = this.dataset;
    if (!/^[A-Za-z0-9-]{1,64}$/.test(delegation)) throw new NotSigned("delegation");
    return `/identity/delegations/${delegation}/acceptance`;
  }

  /** What the bytes and the Consent say, in the places and words that the server made. */
  private review(statement: Statement, wanted: Asked): void {
    const { act } = statement;
    const hour = (at: number) => moment(at * HOUR_MS);
    const consent = act.kind === "consent";
    const place = this.querySelector<HTMLElement>('[data-step="review"]');
    fill(place ?? this, {
      organisation: act.kind === "code" ? act.organisation : statement.home,
      home: statement.home,
      patient: statement.patient,
      recipients: consent ? act.recipients.join(", ") : "",
      from: consent ? hour(act.from) : "",
      until: act.kind === "consent" || act.kind === "accept" ? hour(act.until) : "",
      consent: act.kind === "withdraw" ? act.consent : "",
      grants: act.kind === "withdraw" ? String(act.grants.length) : "",
      preparation: hex(statement.id),
    });
    const list = part(this, "rules");
    if (list !== null && wanted.kind === "consent") {
      const lines = rules(wanted.consent, this.words).map(({ depth, text }) => {
        const line = document.createElement("li");
        line.dataset.depth = String(depth);
        line.textContent = text;
        return line;
      });
      list.replaceChildren(...lines);
    }
    this.message("");
    this.step("review");
    place?.querySelector<HTMLElement>("h2, h3, [tabindex]")?.focus();
  }

  private async sign(): Promise<void> {
    const { device, asked: wanted, statement } = this;
    if (device === null || wanted === null || statement === null) throw new NotSigned("act");
    if (Number(statement.untilMs) < Date.now()) throw new NotSigned("past");
    const seed = await this.open(device);
    let signed: Signed;
    try {
      signed = signStatement(seed, statement, wanted.kind === "consent" ? wanted.consent : null);
    } finally {
      seed.wipe();
    }
    const done = await this.answer(device, wanted, statement, signed);
    this.statement = null;
    this.message("");
    fill(this.querySelector<HTMLElement>('[data-step="done"]') ?? this, done);
    this.step("done");
    this.dispatchEvent(new CustomEvent("salus-signed", { bubbles: true, detail: done }));
    const { done: next } = this.dataset;
    if (next !== undefined) this.leave(next, done.consent ?? "");
  }

  /** On to the page that shows what became of it; a page of this node and no other. */
  private leave(next: string, consent: string): void {
    const url = new URL(next.replace("{consent}", encodeURIComponent(consent)), location.href);
    if (url.origin === location.origin) location.assign(url);
  }

  /** The second step, which does it. */
  private async answer(
    device: Device, wanted: Asked, statement: Statement, signed: Signed,
  ): Promise<Record<string, string>> {
    const preparation = hex(statement.id);
    const signature = toBase64(signed.signature);
    const sign = (name: string, bytes: Uint8Array) => valueSignature(name, device.facts.patient, bytes);
    const named = { name: "preparation", valueString: preparation };
    switch (wanted.kind) {
      case "consent": {
        const second: unknown[] = [{ name: "consent", resource: wanted.consent }, named,
          sign("signature", signed.signature)];
        if (signed.derived !== null) second.push({ name: "authority", valueString: hex(signed.derived) });
        for (const one of signed.ledger) second.push(sign("grantSignature", one));
        const filed = await operation(FILE, this.patient, second);
        const id = String(filed("consent")?.resource?.id ?? "");
        const grant: string | null = filed("grant")?.valueString ?? null;
        await remember(device, id, grant);
        return { consent: id, grant: grant ?? "" };
      }
      case "withdraw": {
        const second = [reference(wanted.consent), named, sign("signature", signed.signature),
          ...signed.ledger.map((one) => sign("revocation", one))];
        await operation(REVOKE, this.patient, second);
        return { consent: wanted.consent };
      }
      case "code": {
        const pseudonym = signed.derived === null ? {} : { pseudonym: hex(signed.derived) };
        const body = { patient: this.patient, preparation, ...pseudonym, signature };
        const made = await post(CODES, this.patient, body);
        return { code: String(made?.code ?? ""), organisation: wanted.organisation };
      }
      case "accept": {
        const [first] = signed.ledger;
        const body = {
          preparation, signature, delegate_key: signed.derived && hex(signed.derived),
          acceptance: first && toBase64(first),
        };
        await post(this.acceptance(), this.holder, body);
        await accept(device, this.patient, preparation);
        return { delegation: preparation };
      }
    }
  }
}

/** The Consent that the page was given. Its numbers must be those that are sent on. */
function readConsent(text: string): Json {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
    if (canonical(JSON.stringify(value)) !== canonical(text)) throw new Error("numbers");
  } catch {
    throw new NotSigned("unusable");
  }
  return value;
}

function reference(consent: string) {
  return { name: "consent", valueReference: { reference: `Consent/${consent}` } };
}

/** A FHIR `Signature` of the patient. FHIR R4 2.24.0.13; the code is ASTM E1762's for consent. */
function valueSignature(name: string, patient: string, bytes: Uint8Array) {
  return { name, valueSignature: {
    type: [{ system: "urn:iso-astm:E1762-95:2013", code: "1.2.840.10065.1.12.1.7" }],
    when: new Date().toISOString(),
    who: { reference: `Patient/${patient}` },
    sigFormat: "application/octet-stream",
    data: toBase64(bytes),
  } };
}
