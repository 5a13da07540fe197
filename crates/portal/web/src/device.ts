// A patient's keys on a device: made, backed up, brought back, and used to sign.

import { SignPanel } from "./device/act.ts";
import { DevicePanel } from "./device/enrol.ts";

customElements.define("salus-device", DevicePanel);
customElements.define("salus-sign", SignPanel);
