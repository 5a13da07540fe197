// Charts in Chromium under the policy of the portal: drawn from the table, moved along by keys.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch, open, page, serve } from "./browser.mjs";

const MONTHS = [[2, 61], [3, 64], [1, 70], [5, 118], [4, ""], [6, 83], [7, 88]];
const rows = MONTHS.map(([month, value]) =>
  `<tr><td><time datetime="2025-0${month}-03T09:30:00Z">${month}</time></td>
   <td data-value="${value}">${value}</td><td>${Number(value) / 2 || ""}</td></tr>`).join("");
const chart = (attributes, body = rows) => `<salus-chart ${attributes}>
  <span hidden data-say="low">(below)</span><span hidden data-say="high">(above)</span>
  <div data-part="plot"></div><p data-part="value"></p><details><summary>Show as table</summary>
  <table><caption>Pulse</caption><thead><tr><th>When</th><th data-unit="/min">Pulse</th>
  <th data-unit="/min" data-low="40">Half</th></tr></thead><tbody>${body}</tbody></table></details>
  </salus-chart>`;

let browser;
let server;

before(async () => {
  const sheet = (path) => `<link rel="stylesheet" href="${path}">`;
  const head = sheet("/portal/assets/chart.css") + sheet("/own.css");
  server = await serve({
    "/portal/chart": page(["chart.js"], chart('data-low="60" data-high="100"'), head),
    "/portal/empty": page(["chart.js"], chart("", ""), head),
    "/own.css": (_, response) => {
      response.writeHead(200, { "content-type": "text/css" });
      response.end(`:root { color-scheme: light dark; --chart-line: rgb(0 94 184);
        --chart-band: rgb(0 255 0); } body { font-family: sans-serif; }`);
    },
  });
  browser = await launch();
});

after(async () => {
  await browser?.close();
  server?.close();
});

/** How many points of the drawing have a colour. */
const painted = (there, red, green, blue) => there.evaluate(([r, g, b]) => {
  const canvas = document.querySelector("canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let at = 0; at < data.length; at += 4) {
    if (data[at] === r && data[at + 1] === g && data[at + 2] === b) count += 1;
  }
  return count;
}, [red, green, blue]);

test("a table becomes a chart with its band, and nothing on the page moves", async () => {
  const { there, done } = await open(browser);
  await there.goto(`${server.base}/portal/chart`);
  await there.waitForSelector("canvas");
  await there.evaluate(() => new Promise((drawn) => {
    requestAnimationFrame(() => requestAnimationFrame(drawn));
  }));
  assert.ok((await painted(there, 0, 94, 184)) > 100, "the line");
  assert.ok((await painted(there, 0, 255, 0)) > 1_000, "the band");
  const shift = await there.evaluate(async () => {
    const seen = new PerformanceObserver(() => undefined);
    seen.observe({ type: "layout-shift", buffered: true });
    await new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
    return seen.takeRecords().reduce((sum, it) => sum + it.value, 0);
  });
  assert.ok(shift < 0.01, `shifted by ${shift}`);
  if (process.env.SHOTS) await there.screenshot({ path: `${process.env.SHOTS}/chart.png` });
  assert.equal(await there.isVisible("table"), false);
  await there.click("summary");
  assert.equal(await there.isVisible("table"), true);
  await there.setViewportSize({ width: 360, height: 640 });
  await there.waitForFunction(() => document.querySelector(".uplot").clientWidth < 360);
  if (process.env.SHOTS) await there.screenshot({ path: `${process.env.SHOTS}/chart-small.png` });
  await done();
});

test("keys move along the values, which are read out", async () => {
  const { there, done } = await open(browser);
  await there.goto(`${server.base}/portal/chart`);
  await there.waitForSelector("canvas");
  await there.focus("[role=slider]");
  const read = () => there.getAttribute("[role=slider]", "aria-valuetext");
  assert.match(await read(), /Jul 3, 2025.*: Pulse 88 \/min, Half 44 \/min$/);
  await there.keyboard.press("ArrowLeft");
  await there.keyboard.press("ArrowLeft");
  assert.match(await read(), /May 3, 2025.*Pulse 118 \/min \(above\), Half 59 \/min$/);
  assert.equal(await there.textContent("[data-part=value]"), await read());
  await there.keyboard.press("Home");
  assert.match(await read(), /Jan 3, 2025.*: Pulse 70 /);
  await there.keyboard.press("ArrowLeft");
  assert.match(await read(), /Jan 3, 2025/);
  await there.keyboard.press("ArrowRight");
  assert.match(await read(), /Feb 3, 2025.*Half 30.5 \/min \(below\)$/);
  // Closer and back: a value that is out of sight is brought into it.
  for (const key of ["+", "+", "End"]) await there.keyboard.press(key);
  assert.match(await read(), /Jul 3, 2025/);
  await there.keyboard.press("Escape");
  assert.equal(await there.getAttribute("[role=slider]", "aria-valuenow"), "6");
  assert.equal(await there.getAttribute("[role=slider]", "aria-label"), "Pulse");
  await there.emulateMedia({ colorScheme: "dark" });
  // Drawn anew in the other colours, with the cursor where it was, on the last value.
  const found = await there.waitForFunction(() => {
    const { x } = document.querySelector(".u-cursor-x").getBoundingClientRect();
    return x > 1_200 && x;
  });
  const first = await found.jsonValue();
  await there.keyboard.press("ArrowLeft");
  await there.waitForFunction((was) =>
    document.querySelector(".u-cursor-x").getBoundingClientRect().x < was - 50, first);
  if (process.env.SHOTS) await there.screenshot({ path: `${process.env.SHOTS}/chart-dark.png` });
  const box = await there.locator("[role=slider]").boundingBox();
  await there.mouse.move(box.x + 70, box.y + 60);
  await there.waitForSelector("[data-part=value]:has-text('Jan 3')");
  await done();
});

test("where there is nothing to draw the table stays as it is", async () => {
  const { there, done } = await open(browser);
  await there.goto(`${server.base}/portal/empty`);
  await there.waitForFunction(() => customElements.get("salus-chart") !== undefined);
  assert.equal(await there.$("canvas"), null);
  assert.equal(await there.$("[role=slider]"), null);
  await done();
});
