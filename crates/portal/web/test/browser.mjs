// What the tests of the islands share: a server on loopback that sends the policy of the portal's
// pages, and Chromium, which has to find nothing in a page that the policy refuses.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { chromium } from "playwright-core";

export const CSP = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:",
  "connect-src 'self'", "form-action 'self'", "frame-src 'self'", "base-uri 'none'",
  "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types salus",
].join("; ");

const TYPES = { js: "text/javascript", css: "text/css", json: "application/json" };
const ASSETS = new URL("../../assets/", import.meta.url);
export const vectors = (path) => readFile(new URL(`../../../${path}`, import.meta.url), "utf8");

/** A page of the portal with these scripts. */
export function page(scripts, body, head = "") {
  const tags = scripts.map((it) => `<script type="module" src="/portal/assets/${it}"></script>`);
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Test</title>
    <link rel="icon" href="data:,">${tags.join("")}${head}</head><body>${body}</body></html>`;
}

/** Serves the assets, and what `routes` answer: a text, or a function of request and response;
 *  `otherwise` answers what no route does. */
export async function serve(routes) {
  const answer = async (request, response) => {
    response.setHeader("content-security-policy", CSP);
    const path = new URL(request.url, "http://localhost").pathname;
    const asset = /^\/portal\/assets\/([a-z-]+\.(js|css))$/.exec(path);
    if (asset !== null) {
      response.setHeader("content-type", TYPES[asset[2]]);
      return response.end(await readFile(new URL(asset[1], ASSETS)));
    }
    const route = routes[`${request.method} ${path}`] ?? routes[path] ?? routes.otherwise;
    if (route === undefined) return response.writeHead(404).end("there is nothing here");
    if (typeof route !== "string") return route(request, response);
    response.setHeader("content-type", "text/html; charset=utf-8");
    return response.end(route);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => response.writeHead(500).end(String(error)));
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  // Browsers make no passkey for an address.
  return {
    base: `http://localhost:${server.address().port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The body of a request as text. */
export async function bodyOf(request) {
  let text = "";
  for await (const part of request) text += part;
  return text;
}

export function json(response, value, status = 200) {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
}

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

/** An authenticator of the page, which gives secrets (`prf`) or does not. */
export async function authenticator(there, hasPrf) {
  const cdp = await there.context().newCDPSession(there);
  await cdp.send("WebAuthn.enable");
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true,
      hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true, hasPrf,
    },
  });
  return { cdp, authenticatorId };
}

/** A new page, and what it must not have at its end: errors, and things that the policy refused. */
export async function open(browser) {
  const context = await browser.newContext();
  const there = await context.newPage();
  there.setDefaultTimeout(60_000);
  const faults = [];
  there.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  there.on("console", (line) => {
    if (line.type() === "error") faults.push(`console: ${line.text()}`);
  });
  await there.exposeFunction("refusedByPolicy", (what) => faults.push(`policy: ${what}`));
  await there.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      window.refusedByPolicy(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
    });
  });
  // An answer 404 is in the console whatever a page makes of it: who expects one says so.
  const done = async (expected = /^$/) => {
    await context.close();
    assert.deepEqual(faults.filter((it) => !expected.test(it)), []);
  };
  return { there, faults, context, done };
}
