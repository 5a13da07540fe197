// What a passphrase costs: argon2id, which no browser has. Loaded where there is no passkey that
// gives a secret, and only then.

import { argon2idAsync } from "@noble/hashes/argon2.js";

/** The key of a passphrase; the page stays usable while it is computed. */
export function stretch(
  passphrase: Uint8Array, salt: Uint8Array, cost: { m: number; t: number; p: number },
): Promise<Uint8Array> {
  return argon2idAsync(passphrase, salt, { ...cost, dkLen: 32 });
}
