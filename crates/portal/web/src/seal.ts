// The seals of a page: an independent verifier of receipts, in the browser.

import { base64, encode, hex } from "../../../../verifier/src/bytes.ts";
import { canonical } from "../../../../verifier/src/json.ts";
import { Policy } from "../../../../verifier/src/policy.ts";
import { Invalid, verify } from "../../../../verifier/src/receipt.ts";
import { chained, continues, readHeader } from "./consistency.ts";
import { History } from "./seal/history.ts";
import { Seal } from "./seal/one.ts";
import { SealAll } from "./seal/all.ts";
import { VerifyFile } from "./seal/file.ts";

// What the test of the frozen vectors runs; the page itself exports nothing.
export {
  Invalid, Policy, base64, canonical, chained, continues, encode, hex, readHeader, verify,
};

customElements.define("salus-seal", Seal);
customElements.define("salus-seal-all", SealAll);
customElements.define("salus-verify-file", VerifyFile);
customElements.define("salus-history", History);
