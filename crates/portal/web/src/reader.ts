// Reads bar codes where the browser itself cannot: loaded only when a camera is turned on.

import { BarcodeDetector, prepareZXingModule } from "barcode-detector/ponyfill";

/** A reader whose machine code lies at an address. */
export async function detector(wasm: string): Promise<BarcodeDetector> {
  await prepareZXingModule({ overrides: { locateFile: () => wasm }, fireImmediately: true });
  return new BarcodeDetector({ formats: ["data_matrix", "qr_code", "code_128"] });
}
