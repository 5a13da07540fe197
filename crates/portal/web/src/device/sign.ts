// The answer to a statement. It signs whatever it is given: `check.ts` comes first.

import type { Json } from "./coding.ts";
import type { Seed, SigningKey } from "./seed.ts";
import {
  type Statement, delegateMessage, grantMessage, message, revokeMessage,
} from "./statement.ts";

export interface Signed {
  signature: Uint8Array;
  /** The authority key of a grant, the pseudonym of a code, the key of a delegate. */
  derived: Uint8Array | null;
  ledger: Uint8Array[];
}

/** As `hospital::sharing::signer::sign_statement`. */
export function signStatement(seed: Seed, statement: Statement, consent: Json): Signed {
  if (statement.delegation !== null) {
    const sign = (key: SigningKey) => key.sign(message(statement, null));
    return { signature: seed.delegate(statement.delegation, sign), derived: null, ledger: [] };
  }
  const { derived, ledger } = ledgerPart(seed, statement, consent);
  const signature = seed.consenting((key) => key.sign(message(statement, derived)));
  return { signature, derived, ledger };
}

function ledgerPart(seed: Seed, statement: Statement, consent: Json) {
  const { act, id } = statement;
  const none = { derived: null, ledger: [] };
  switch (act.kind) {
    case "consent":
      return seed.authority(id, (key) => {
        const text = grantMessage(statement, consent, key.public);
        return text === null ? none : { derived: key.public, ledger: [key.sign(text)] };
      });
    case "withdraw": {
      const end = (grant: Uint8Array) =>
        seed.authority(grant, (key) => key.sign(revokeMessage(statement, grant)));
      return { derived: null, ledger: act.grants.map(end) };
    }
    case "code":
      return { derived: seed.pseudonym(act.organisation), ledger: [] };
    case "accept":
      return seed.delegate(id, (key) => {
        const text = delegateMessage(statement, key.public);
        return text === null ? none : { derived: key.public, ledger: [key.sign(text)] };
      });
  }
}
