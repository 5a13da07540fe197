// The worker of the page for scans without a connection. It answers with what that page kept, and only
// where the organisation's node does not answer; it keeps nothing itself and changes no request.

interface Asked extends Event {
  request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Worker {
  addEventListener(name: "fetch", heard: (event: Asked) => void): void;
  addEventListener(name: "install" | "activate", heard: (event: Lasting) => void): void;
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
}
interface Lasting extends Event {
  waitUntil(work: Promise<unknown>): void;
}

const worker = globalThis as unknown as Worker;
const PAGES = "salus-offline";
const PAGE = "/portal/packs/offline";
const ASSETS = "/portal/assets/";
/** A node that does not answer by then is away. */
const PATIENCE_MS = 4_000;

worker.addEventListener("install", (event) => event.waitUntil(worker.skipWaiting()));
worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener("fetch", (event) => {
  const { method, url, mode } = event.request;
  const { origin, pathname, search } = new URL(url);
  if (method !== "GET" || origin !== location.origin) return;
  // What an asset holds stands in its address.
  if (pathname.startsWith(ASSETS)) return event.respondWith(asset(event.request, pathname + search));
  if (pathname === PAGE && mode === "navigate") event.respondWith(page(event.request));
});

async function asset(request: Request, address: string): Promise<Response> {
  const kept = await caches.match(address, { cacheName: PAGES });
  return kept ?? fetch(request);
}

async function page(request: Request): Promise<Response> {
  try {
    return await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch (error) {
    const kept = await caches.match(PAGE, { cacheName: PAGES });
    if (kept === undefined) throw error;
    return kept;
  }
}
