// The script of every page, in Chromium under the policy that the portal sends.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { bodyOf, launch, open, page, serve } from "./browser.mjs";

const seen = [];
let streams = [];
let browser;
let server;

const html = (text) => (_, response) => {
  response.setHeader("content-type", "text/html; charset=utf-8");
  response.end(text);
};

before(async () => {
  server = await serve({
    "/portal/swap": page(["salus.js"], `
      <button hx-get="/portal/part" hx-target="#place" hx-swap="innerHTML">Show</button>
      <form hx-post="/portal/act" hx-target="#place"><input name="word" value="w&uuml;rde">
        <button id="act">Do</button></form>
      <div id="place"></div>`, '<meta name="salus-form" content="the-token">'),
    "/portal/part": html('<p id="part" hx-get="/portal/second" hx-trigger="click">first part</p>'),
    "/portal/second": html('<p id="second">second part</p>'),
    "POST /portal/act": async (request, response) => {
      seen.push([request.headers["x-salus-form"], await bodyOf(request)]);
      response.end("<p id=done>done</p>");
    },
    "/portal/hostile": page(["salus.js"], `
      <button id="get" hx-get="/portal/script" hx-target="#place">Show</button>
      <button id="on" hx-on:click="window.ran = 'on'">On</button>
      <button id="js" hx-get="js:window.ran = 'get'">Js</button>
      <button id="vals" hx-get="/portal/second" hx-target="#place"
        hx-vals="js:{a: (window.ran = 'vals')}">Vals</button>
      <button id="away" hx-get="http://127.0.0.1:9/other" hx-target="#place">Away</button>
      <div id="place"></div>`),
    "/portal/script": html("<p>x</p><script>window.ran = 'script'</script>"),
    "/portal/live-page": page(["salus.js"], `<salus-live src="/portal/live"></salus-live>
      <div id="list" hx-get="/portal/list" hx-trigger="salus-changed from:body">old</div>`),
    "/portal/list": html("new"),
    "/portal/live": (_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(": here\n\n");
      streams.push(response);
    },
    "/portal/ended": page(["salus.js"],
      '<button hx-get="/portal/gone">Go</button><p id="when"></p>'),
    "/portal/gone": (_, response) => response.writeHead(302, { location: "/auth/login" }).end(),
    "/auth/login": html("<form>sign in</form>"),
  });
  browser = await launch();
});

after(async () => {
  await browser?.close();
  server?.close();
});

test("parts of a page are swapped under the policy, and what is new works too", async () => {
  const { there, done } = await open(browser);
  await there.goto(`${server.base}/portal/swap`);
  assert.equal(await there.evaluate(() => document.querySelectorAll("style").length), 0);
  await there.click("text=Show");
  await there.click("#part");
  await there.waitForSelector("#second");
  await there.click("#act");
  await there.waitForSelector("#done");
  assert.deepEqual(seen, [["the-token", "word=w%C3%BCrde"]]);
  await done();
});

test("no attribute and no answer runs a script or asks another origin", async () => {
  const { there, context } = await open(browser);
  const asked = [];
  there.on("request", (request) => asked.push(request.url()));
  await there.goto(`${server.base}/portal/hostile`);
  for (const id of ["get", "on", "js", "vals", "away"]) await there.click(`#${id}`);
  await there.waitForLoadState("networkidle");
  assert.equal(await there.evaluate(() => window.ran), undefined);
  assert.deepEqual(asked.filter((url) => !url.startsWith(server.base)), []);
  await context.close();
});

test("a page that listens asks again when something changed", async () => {
  const { there, done } = await open(browser);
  await there.goto(`${server.base}/portal/live-page`);
  await there.waitForSelector("salus-live[state=live]", { state: "attached" });
  assert.equal(await there.textContent("#list"), "old");
  streams.at(-1).write("event: changed\ndata: 1\n\n");
  await there.waitForFunction(() => document.querySelector("#list").textContent === "new");
  // A stream that breaks is taken up again, and then the page asks as well.
  await there.evaluate(() => {
    document.querySelector("#list").textContent = "old";
  });
  const before = streams.length;
  streams.at(-1).destroy();
  await there.waitForFunction(() => document.querySelector("#list").textContent === "new");
  assert.equal(streams.length, before + 1);
});

test("where the session ended the page is loaded anew, and no form lands inside it", async () => {
  const { there, done } = await open(browser);
  await there.goto(`${server.base}/portal/ended`);
  const loaded = there.waitForEvent("load");
  await there.click("text=Go");
  await loaded;
  assert.equal(await there.isVisible("text=sign in"), false);
  await done();
});
