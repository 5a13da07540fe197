// The secret that a passkey gives for the seed (WebAuthn 3, `prf`). The passkey is made for this
// alone: the organisation never hears of it, and nobody signs in with it.

import { encode, sha256 } from "../../../../../verifier/src/bytes.ts";
import { random } from "./bytes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const TIMEOUT_MS = 120_000;
/** The same for all: the authenticator makes another secret for each credential. */
const SALT: Bytes = new Uint8Array(sha256(encode("salus/device-wrap/v1")));

interface Prf {
  prf?: { enabled?: boolean; results?: { first?: ArrayBuffer } };
}

const extensions = () =>
  ({ prf: { eval: { first: SALT } } }) as unknown as AuthenticationExtensionsClientInputs;

function secretOf(credential: PublicKeyCredential): Bytes | null {
  const found = (credential.getClientExtensionResults() as Prf).prf?.results?.first;
  return found?.byteLength === 32 ? new Uint8Array(found) : null;
}

/** Browsers make no passkeys for some addresses, as for a number in place of a name. */
const nowhere = (error: unknown): null => {
  if (error instanceof DOMException && error.name === "SecurityError") return null;
  throw error;
};

/** A new passkey and its secret; null where the authenticator or the address has no such secrets. */
export async function make(name: string): Promise<{ credential: Bytes; secret: Bytes } | null> {
  if (!("credentials" in navigator) || typeof PublicKeyCredential === "undefined") return null;
  const asked = navigator.credentials.create({
    publicKey: {
      rp: { name: location.hostname },
      // An id of its own, so that no passkey for signing in is replaced.
      user: { id: random(32), name, displayName: name },
      challenge: random(32),
      pubKeyCredParams: [{ type: "public-key", alg: -7 }, { type: "public-key", alg: -257 }],
      authenticatorSelection: { residentKey: "discouraged", userVerification: "required" },
      timeout: TIMEOUT_MS,
      extensions: extensions(),
    },
  });
  const made = (await asked.catch(nowhere)) as PublicKeyCredential | null;
  if (made === null) return null;
  const results = (made.getClientExtensionResults() as Prf).prf;
  if (results?.enabled !== true) return null;
  const credential = new Uint8Array(made.rawId);
  // Many authenticators give the secret only when they are asked for the second time.
  const secret = secretOf(made) ?? (await ask(credential));
  return { credential, secret };
}

/** The secret of a passkey that was made here. */
export async function ask(credential: Bytes): Promise<Bytes> {
  const got = (await navigator.credentials.get({
    publicKey: {
      challenge: random(32),
      allowCredentials: [{ type: "public-key", id: credential }],
      userVerification: "required",
      timeout: TIMEOUT_MS,
      extensions: extensions(),
    },
  })) as PublicKeyCredential | null;
  const secret = got && secretOf(got);
  if (secret === null) throw new Error("the passkey gives no secret");
  return secret;
}
