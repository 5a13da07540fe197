// The script of every page: htmx under our Content-Security-Policy, and `<salus-live>`.

import "./configure.ts";
import htmx from "htmx.org/dist/htmx.esm.js";
import "./live.ts";
import { policy, worker } from "./trusted.ts";

interface Context {
  request: { method: string; headers: Record<string, string>; action: string };
  response: { raw: Response };
}

function refuse(): never {
  throw new Error("a page of Salus runs no script from an attribute");
}

/** What stands in the place of `Function` in htmx: `hx-on`, `js:` and filters run nothing. */
function Refusing(): object {
  return { call: refuse };
}

htmx.registerExtension("salus", {
  init(api: { initSecurity(policy: object, one: unknown, other: unknown): void }) {
    api.initSecurity(policy, Refusing, Refusing);
  },

  htmx_config_request(_: Element, { ctx }: { ctx: Context }) {
    // Only here and nowhere else, whatever an attribute says.
    if (new URL(ctx.request.action, location.href).origin !== location.origin) return false;
    const token = document.querySelector<HTMLMetaElement>('meta[name="salus-form"]')?.content;
    if (token && ctx.request.method.toUpperCase() !== "GET") {
      ctx.request.headers["x-salus-form"] = token;
    }
    return true;
  },

  htmx_before_response(_: Element, { ctx }: { ctx: Context }) {
    // The session ended: a form to sign in is no part of this page.
    const { raw } = ctx.response;
    const away = raw.redirected && !new URL(raw.url).pathname.startsWith("/portal");
    if (away || raw.status === 401) {
      location.reload();
      return false;
    }
    return true;
  },
});

// The page for scans without a connection is to open without one: its worker answers then. Where
// there can be none (no secure origin) the page works while it is open.
const scope = "/portal/packs/offline";
if (document.querySelector("salus-offline") !== null && "serviceWorker" in navigator) {
  navigator.serviceWorker.register(worker(), { scope }).catch(() => {});
}
