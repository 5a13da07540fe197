// The side of an organisation, for tests in which it lies: prepares statements, some of which are
// not what was asked for, and verifies what comes back. The honest one is a demo's
// (`device-demo.test.mjs`).

import { createPublicKey, verify } from "node:crypto";

import { bodyOf, json } from "./browser.mjs";
import { compiled } from "./compiled.mjs";

const lib = await compiled("device/statement.ts", "device/bytes.ts", "device/asked.ts");
const { labelled } = await compiled("../../../../verifier/src/bytes.ts");
const SPKI = Buffer.from("302a300506032b6570032100", "hex");
const text = (value) => Buffer.from(value);

export const CHAIN = "ab".repeat(32);
export const HOME = "st-mary";

export function verifies(key, message, signature) {
  const der = Buffer.concat([SPKI, Buffer.from(key, "hex")]);
  return verify(null, message, createPublicKey({ key: der, format: "der", type: "spki" }), signature);
}

const word = (writer, value) => writer.u32(text(value).length).fixed(text(value));

/** The bytes of a statement. */
function statement(of) {
  const writer = new lib.Writer().u8(of.version ?? 1).u8({ consent: 1, withdraw: 2, code: 3 }[of.kind]);
  writer.fixed(of.id).fixed(Buffer.from(of.chain, "hex"));
  word(word(writer, of.home), of.patient).u64(BigInt(of.until)).bool(false);
  if (of.kind === "code") word(writer, of.organisation);
  if (of.kind === "withdraw") {
    word(writer, of.consent).u32(of.grants.length);
    for (const grant of of.grants) writer.fixed(Buffer.from(grant, "hex"));
  }
  if (of.kind === "consent") {
    word(writer, of.consent).fixed(of.body).u32(of.recipients.length);
    for (const name of of.recipients) word(writer, name);
    writer.fixed(Buffer.alloc(32, 3)).fixed(Buffer.alloc(32, 4));
    writer.u32(of.from).u32(of.to).bool(of.custodial);
  }
  return Buffer.from(writer.bytes());
}

/** A door for one patient. `lie` changes what is prepared, before it is written. */
export class Door {
  keys = null;
  done = [];
  lie = {};
  constructor(patient) {
    this.patient = patient;
  }

  async answer(request, response) {
    const path = new URL(request.url, "http://localhost").pathname.replace("/portal/api", "");
    const body = request.method === "POST" ? JSON.parse(await bodyOf(request)) : null;
    if (body !== null && request.headers["x-salus-form"] !== "the-token") {
      return json(response, {}, 403);
    }
    if (path === "/ledger/status") return json(response, { organisation: HOME, chain_id: CHAIN });
    if (path === "/identity/keys") return this.key(body, response);
    if (path === "/sharing/codes") return this.code(body, response);
    const named = (name) => body.parameter.find((it) => it.name === name);
    const first = named("prepare") !== undefined;
    if (path.endsWith("fileConsent")) return this.file(named, first, response);
    return this.revoke(named, first, response);
  }

  key(body, response) {
    if (body === null) return json(response, this.keys ?? {}, this.keys === null ? 404 : 200);
    const number = Buffer.alloc(8);
    number.writeBigUInt64BE(BigInt((this.keys?.current.number ?? 0) + 1));
    const key = Buffer.from(body.consent_key, "hex");
    const parts = [Buffer.from(CHAIN, "hex"), text(HOME), text(this.patient), number, key, Buffer.alloc(0)];
    const digest = labelled("salus/patient-key/v1", ...parts);
    if (!verifies(body.consent_key, digest, Buffer.from(body.possession, "hex"))) {
      return json(response, {}, 422);
    }
    this.keys = { current: { number: Number(number.readBigUInt64BE()), ...body } };
    return json(response, this.keys, 201);
  }

  prepare(of) {
    const base = {
      id: Buffer.alloc(32, 1), chain: CHAIN, home: HOME, patient: this.patient,
      until: Date.now() + 600_000,
    };
    const bytes = statement({ ...base, ...of, ...this.lie });
    this.prepared = this.read(bytes);
    return bytes.toString("base64");
  }

  /** A lie may be one that nobody can read. */
  read(bytes) {
    try {
      return lib.readStatement(bytes);
    } catch {
      return null;
    }
  }

  parameters(response, statement) {
    const parameter = [{ name: "statement", valueBase64Binary: statement }];
    json(response, { resourceType: "Parameters", parameter });
  }

  /** Whether the key in force signed what was prepared. */
  signed(signature, derived) {
    const message = lib.message(this.prepared, derived && Buffer.from(derived, "hex"));
    return verifies(this.keys.current.consent_key, message, Buffer.from(signature, "base64"));
  }

  file(named, first, response) {
    const consent = named("consent").resource;
    if (first) {
      const { recipients, from, until } = lib.asked(consent, this.patient, Date.now());
      const body = Buffer.from(lib.bodyDigest(consent, "c1"));
      const of = { kind: "consent", consent: "c1", body, recipients, from, to: until, custodial: false };
      return this.parameters(response, this.prepare(of));
    }
    const authority = named("authority").valueString;
    const grant = lib.grantMessage(this.prepared, consent, Buffer.from(authority, "hex"));
    const data = Buffer.from(named("grantSignature").valueSignature.data, "base64");
    const good = this.signed(named("signature").valueSignature.data, authority)
      && verifies(authority, grant, data);
    this.done.push(good ? "consent" : "consent of another key");
    const parameter = [{ name: "consent", resource: { ...consent, id: "c1" } },
      { name: "grant", valueString: "01".repeat(32) }];
    return json(response, { parameter }, good ? 201 : 422);
  }

  revoke(named, first, response) {
    const consent = named("consent").valueReference.reference.slice("Consent/".length);
    if (first) {
      const of = { kind: "withdraw", consent, grants: ["01".repeat(32)] };
      return this.parameters(response, this.prepare(of));
    }
    this.done.push(this.signed(named("signature").valueSignature.data, null) ? "end" : "no end");
    return json(response, { parameter: [] });
  }

  code(body, response) {
    if (body.prepare) {
      return json(response, { statement: this.prepare({ kind: "code", organisation: body.organisation }) });
    }
    this.done.push(this.signed(body.signature, body.pseudonym) ? "code" : "no code");
    return json(response, { code: "CODE" }, 201);
  }
}
