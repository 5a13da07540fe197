// What this browser keeps of a device: the wrapped seed, and the facts that it compares with.
//
// The database of the origin holds no key that opens anything: the passkey's secret and the
// passphrase are never stored.

const DATABASE = "salus-device";
const STORE = "devices";
const GRANTS_MAX = 1_000;

/** Told once, at the enrolment, and compared ever after. Nothing in it is secret. */
export interface Facts {
  organisation: string;
  /** In hexadecimal. */
  chain: string;
  patient: string;
  grants: { consent: string; grant: string | null }[];
  delegations: { patient: string; delegation: string }[];
}

/** How the seed is wrapped, and what is needed to ask for the key. */
export type Wrapping =
  | { kind: "passkey"; credential: Uint8Array<ArrayBuffer>; wrapped: Uint8Array<ArrayBuffer> }
  | { kind: "passphrase"; file: Uint8Array<ArrayBuffer> };

export interface Device {
  /** `organisation/patient`. */
  id: string;
  consentKey: string;
  facts: Facts;
  wrapping: Wrapping;
}

function request<T>(asked: IDBRequest<T>): Promise<T> {
  return new Promise((done, failed) => {
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error ?? new Error("the database does not answer"));
  });
}

async function within<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>) {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "id" });
  const database = await request(opening);
  try {
    const transaction = database.transaction(STORE, mode, { durability: "strict" });
    const ended = new Promise<void>((done, failed) => {
      transaction.oncomplete = () => done();
      transaction.onabort = () => failed(transaction.error ?? new Error("nothing was kept"));
    });
    const found = await request(act(transaction.objectStore(STORE)));
    await ended;
    return found;
  } finally {
    database.close();
  }
}

export async function find(id: string): Promise<Device | null> {
  return ((await within("readonly", (store) => store.get(id))) as Device | undefined) ?? null;
}

/** Keeps a device. The browser is asked to spare it when it makes room. */
export async function keep(device: Device): Promise<void> {
  await navigator.storage?.persist?.().catch(() => false);
  await within("readwrite", (store) => store.put(device));
}

export async function forget(id: string): Promise<void> {
  await within("readwrite", (store) => store.delete(id));
}

/** Remembers a consent that was given; the oldest ones go first. */
export async function remember(device: Device, consent: string, grant: string | null): Promise<void> {
  device.facts.grants = [...device.facts.grants, { consent, grant }].slice(-GRANTS_MAX);
  await keep(device);
}

/** Remembers a delegation that was accepted; a newer one of the same patient replaces it. */
export async function accept(device: Device, patient: string, delegation: string): Promise<void> {
  const others = device.facts.delegations.filter((it) => it.patient !== patient);
  device.facts.delegations = [...others, { patient, delegation }].slice(-GRANTS_MAX);
  await keep(device);
}
