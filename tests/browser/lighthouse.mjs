// Lighthouse's scores of several pages, seen by a phone: as JSON from stdin, `{name: {address, categories, headers}}`,
// to JSON on stdout, `{name: {address, scores}}`, where the address is the one that answered in the end.
import { text } from "node:stream/consumers";
import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";

// Where speed is not judged, nothing waits for a page to calm down.
const AT_ONCE = { pauseAfterFcpMs: 0, pauseAfterLoadMs: 0, networkQuietThresholdMs: 0, cpuQuietThresholdMs: 0 };

async function judged(address, categories, headers) {
  const pauses = categories.includes("performance") ? {} : AT_ONCE;
  const config = { extends: "lighthouse:default", settings: { ...pauses, disableFullPageScreenshot: true } };
  for (let triesLeft = 3; ; triesLeft -= 1) {
    // One for each: a cookie that a page left would stand before those of the next one's headers.
    const chrome = await launch({ chromeFlags: ["--headless=new", "--no-sandbox", "--disable-gpu"] });
    const flags = { port: chrome.port, logLevel: "silent", onlyCategories: categories, extraHeaders: headers };
    const { lhr } = await lighthouse(address, flags, config).finally(() => chrome.kill());
    // Chromium now and then begins to record after the page was there; Lighthouse says to run it again.
    if (lhr.runtimeError?.code !== "NO_NAVSTART" || triesLeft === 1) return lhr;
  }
}

const pages = JSON.parse(await text(process.stdin));
const found = {};
for (const [name, { address, categories, headers }] of Object.entries(pages)) {
  const lhr = await judged(address, categories, headers);
  const scores = Object.values(lhr.categories).map(({ id, score }) => [id, score]);
  found[name] = { address: lhr.finalDisplayedUrl, scores: Object.fromEntries(scores) };
}
console.log(JSON.stringify(found));
