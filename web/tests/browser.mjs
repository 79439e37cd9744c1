// Uses the playground as a person would, in a browser that can reach this machine only:
//   node browser.mjs ADDRESS TOKEN [FOLDER FOR PICTURES]
// The server has the bundled data and the figures that tests/api/playground.rs adds. Whose token it
// is may write.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";

const [address, token, pictures] = process.argv.slice(2);
const executablePath = process.env.PATH.split(delimiter).map((folder) => join(folder, "chromium")).find(existsSync);
const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const queries = readme.split("```graphql\n").slice(1).map((part) => part.split("\n```")[0]);
const groups = ["First queries", "Which figures go into an answer", "Find and group", "Change over time", "Compare and rank", "Search in any language", "The past"];

const browser = await chromium.launch({
  executablePath,
  // Every name but this machine's is unknown.
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
});
const context = await browser.newContext({ viewport: { width: 1500, height: 900 }, locale: "en" });
const page = await context.newPage();
page.setDefaultTimeout(30_000);
const strangers = [];
const complaints = [];
context.on("request", (request) => {
  const { protocol, origin } = new URL(request.url());
  if (!["data:", "blob:"].includes(protocol) && origin !== new URL(address).origin) strangers.push(request.url());
});
page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
page.on("pageerror", (error) => complaints.push(String(error)));
await page.addInitScript(() => {
  addEventListener("securitypolicyviolation", (event) => console.error(`${event.violatedDirective}: ${event.blockedURI}`));
});

const result = page.getByRole("region", { name: "Result", exact: true });
const show = (view) => result.getByRole("button", { name: view, exact: true }).click();
const cells = () => result.locator("tbody tr").evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.innerText)));
const type = (file, text) => page.evaluate(([file, text]) => __MONACO.editor.getModels().find(({ uri }) => uri.path.endsWith(file)).setValue(text), [file, text]);
const text = (file) => page.evaluate((file) => __MONACO.editor.getModels().find(({ uri }) => uri.path.endsWith(file)).getValue(), file);
const titles = (marks) => result.locator(`${marks} > title`).allTextContents();

async function picture(name) {
  if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`) });
}

/** Runs a tab until it shows what is awaited: right after a change GraphiQL still knows the operation before. */
async function run(awaited) {
  for (let attempt = 0; attempt < 10 && !(await awaited.count()); attempt++) {
    await page.getByRole("button", { name: /^Execute query/ }).click();
    await awaited.waitFor({ timeout: 3000 }).catch(() => {});
  }
  await awaited.waitFor();
}

/** What is downloaded as CSV: its name and its text. */
async function csv() {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    result.getByRole("button", { name: "Download CSV" }).click(),
  ]);
  return [download.suggestedFilename(), readFileSync(await download.path(), "utf8")];
}

async function open(query, rest = "", mark = "#") {
  // Two addresses that differ in their fragment are one page.
  await page.goto("about:blank");
  await page.goto(`${address}${mark}query=${encodeURIComponent(query)}${rest}`);
}

/** Chooses from the menu of examples, and sees it answered. */
async function choose(title) {
  await page.getByRole("button", { name: "Examples" }).click();
  const answer = page.waitForResponse((response) => new URL(response.url()).pathname === "/graphql");
  await page.getByRole("menuitem", { name: title, exact: true }).click();
  const { errors } = await (await answer).json();
  assert.equal(errors, undefined, title);
}
const chosen = (tab) => page.getByRole("tab", { name: tab, selected: true }).waitFor();

// A newcomer who opens the page sees an answer at once, as a table.
await page.goto(address);
await result.locator("tbody tr").first().waitFor();
assert.deepEqual(await cells(), [
  ["Beijing", "5G network", "70", "EQUAL", "2025", "5G base stations per 10,000 persons", "stations/10,000 persons"],
  ["Beijing", "5G network", "153400", "EQUAL", "2025", "5G base stations", "station"],
  ["Beijing", "Global model city of the digital economy", "", "", "", "", ""],
]);
assert.match(await page.locator("#status").innerText(), /^HTTP 200 · 6 SQL statements · [\d.]+ ms$/);
await picture("table");
assert.deepEqual(await csv(), [
  "Place.csv",
  "\uFEFFname,initiatives.title,initiatives.observations.value,initiatives.observations.comparator," +
    "initiatives.observations.period.code,initiatives.observations.metric.name,initiatives.observations.metric.unit.symbol\r\n" +
    'Beijing,5G network,70,EQUAL,2025,"5G base stations per 10,000 persons","stations/10,000 persons"\r\n' +
    "Beijing,5G network,153400,EQUAL,2025,5G base stations,station\r\n" +
    "Beijing,Global model city of the digital economy,,,,,\r\n",
]);
await show("Chart");
assert.equal(await result.locator("figure[data-kind=bars]").count(), 2, "unlike units are charts of their own");

// What GraphiQL brings is there, and its workers run.
for (const name of ["Documentation Explorer", "GraphiQL Explorer", "History"]) {
  await page.getByRole("button", { name: `Show ${name}` }).waitFor();
}
assert.ok(page.workers().length > 0, "the editor has no worker");

// There is one tab to begin with, and the README's examples are in a menu, in groups.
const tabs = page.getByRole("tab");
assert.deepEqual(await tabs.allInnerTexts(), ["Place"]);
await page.getByRole("button", { name: "Examples" }).click();
assert.deepEqual(await page.getByRole("menu").getByRole("group").evaluateAll((all) => all.map((one) => one.getAttribute("aria-label"))), groups);
const names = await page.getByRole("menuitem").allInnerTexts();
assert.equal(names.length, queries.length);
assert.ok(names.includes("What did we know when?") && names.includes("Every version of a figure"), names);
await picture("menu");
await page.keyboard.press("Escape");

// Each of them is opened in a tab of its own and answered, with its variables.
for (const [index, query] of queries.entries()) {
  await choose(names[index]);
  const body = query.slice(query.indexOf("{"));
  await page.waitForFunction((body) => __MONACO.editor.getModels().some((model) => model.getValue().endsWith(body)), body);
}
assert.equal(await tabs.count(), queries.length);
assert.equal(new Set(await tabs.allInnerTexts()).size, queries.length);
await show("Table");
await choose("Several keys, nulls last, page by page");
await chosen("Pages");
await result.getByText("Listing of Zhipu in Hong Kong").first().waitFor();
assert.deepEqual(JSON.parse(await text("variables.json")), { first: 2, after: null });
assert.deepEqual((await cells()).map((row) => row[0]), ["Listing of Zhipu in Hong Kong", "Listing of Zhipu in Hong Kong", "5G network"]);
assert.equal(await tabs.count(), queries.length, "one that is open already is opened again");

// A metric over time is a line, dashed where the answer says nothing of the years between.
await choose("A metric over time");
await chosen("MetricOverTime");
await show("Chart");
await result.locator("figure[data-kind=lines] .line > line").first().waitFor();
assert.deepEqual(await titles("circle"), ["2021: 40 %", "2024: 70 %"]);

// Headers are there again after a reload, like everything typed.
await page.getByRole("button", { name: "Headers", exact: true }).click();
await type("request-headers.json", '{ "Accept-Language": "ar" }');
await page.waitForFunction(() => localStorage.getItem("graphiql:tabState").includes("Accept-Language"));
await page.reload();
await result.locator("tbody tr").first().waitFor();
assert.equal(await text("request-headers.json"), '{ "Accept-Language": "ar" }');

// So are the tabs, also those that an earlier version began with; what an address asks for joins them.
const left = { id: "1", title: "Example18", query: "# Of old\nquery Example18 { units { totalCount } }", variables: null, headers: null, operationName: "Example18", response: null };
// A page that runs keeps its tabs a little later, and would do so over these.
await page.goto(new URL("/plain", address).href);
await page.evaluate((left) => {
  localStorage.clear();
  const tabs = [{ ...left, id: "0", title: "Own", query: "query Own { dataset { slug } }", operationName: "Own" }, left];
  localStorage.setItem("graphiql:tabState", JSON.stringify({ tabs, activeTabIndex: 1 }));
  localStorage.setItem("graphiql:query", left.query);
}, left);
await page.goto(address);
await result.getByText("12", { exact: true }).waitFor();
assert.deepEqual(await tabs.allInnerTexts(), ["Own", "Example18"]);

// An address names a query, its variables and one of its operations, as this page writes it or as other tools do.
const several = "query Other { dataset { revision } } query Named($slug: String!) { district(slug: $slug) { name(language: \"ar\") } }";
const rest = `&variables=${encodeURIComponent('{"slug":"miyun"}')}&operationName=Named`;
for (const mark of ["#", "?"]) {
  await open(several, rest, mark);
  await result.getByText("مي يون").first().waitFor();
  assert.deepEqual(await tabs.allInnerTexts(), ["Own", "Example18", "Named"], mark);
  assert.deepEqual(JSON.parse(await text("variables.json")), { slug: "miyun" });
}
await page.evaluate(() => localStorage.clear());

// Districts of one period are bars. A bound is told from an exact figure, and a missing figure has no bar.
const figures = `observations(filter: { metric: { slug: { eq: "digital-economy-value-added" } } PERIODS }, orderBy: [{ by: PERIOD }]) {
  nodes { value comparator period { code } metric { name unit { symbol } } } }`;
const districts = (periods) => `query Districts {
  districts(filter: { slug: { in: ["chaoyang", "haidian", "miyun"] } }, orderBy: [{ by: SLUG }]) {
    nodes { name ${figures.replace("PERIODS", periods)} } }
}`;
await open(districts(`period: { eq: "2024" }`));
await result.locator("tbody tr").nth(2).waitFor();
assert.deepEqual((await cells()).map((row) => row.slice(0, 3)), [
  ["Chaoyang", "120000000000.5", "MORE_THAN"],
  ["Haidian", "310000000000", "EQUAL"],
  ["Miyun", "–", "EQUAL"],
]);
await show("Chart");
await result.locator("figure[data-kind=bars]").waitFor();
assert.equal(await result.locator("figcaption").innerText(), "Value added of the digital economy · 2024 in CNY");
assert.deepEqual(await titles("figure g"), [
  "Chaoyang, 2024: more than 120000000000.5 CNY",
  "Haidian, 2024: 310000000000 CNY",
  "Miyun, 2024: no figure",
]);
assert.equal(await result.locator("rect.mark").count(), 2);
assert.match(await result.locator("[data-bound='more than'] rect.mark").getAttribute("style"), /url\(/);
await picture("bars");

// Of several periods they are lines, which a missing figure breaks, with hollow marks for bounds.
await open(districts(""));
await result.locator("tbody tr").nth(8).waitFor();
await show("Chart");
await result.locator("figure[data-kind=lines]").waitFor();
assert.deepEqual(await result.locator(".legend li").allInnerTexts(), ["Chaoyang", "Haidian", "Miyun"]);
assert.equal(await result.locator("circle.hollow").count(), 1);
assert.deepEqual(await result.locator("g.line").evaluateAll((lines) => lines.map((line) => line.querySelectorAll("polyline").length)), [1, 1, 2]);
await picture("lines");

// It is dark for those who want it so.
await page.emulateMedia({ colorScheme: "dark" });
await page.reload();
await result.locator("tbody tr").first().waitFor();
const ground = (selector) => page.locator(selector).first().evaluate((element) => getComputedStyle(element).backgroundColor);
assert.equal(await ground(".graphiql-container"), "rgb(33, 42, 59)");
await show("Chart");
await picture("dark");

// A failure is said, and what did not fail is shown.
await open(`{ haidian: district(slug: "haidian") { name } wrong: districts(first: 0) { totalCount } }`);
await result.getByText("The answer has an error").waitFor();
assert.deepEqual((await cells())[0].slice(0, 2), ["haidian", "Haidian"]);

// A subscription opens a socket to the origin, with the headers, and shows what comes as it comes. A
// live query is answered over one too.
await page.evaluate(() => localStorage.clear());
const said = [];
page.on("websocket", (socket) =>
  socket.on("framesent", (frame) => {
    const { type, payload } = JSON.parse(frame.payload);
    said.push([type, payload?.query ?? payload]);
  }),
);
/** Changes the data, from elsewhere. */
async function write(slug) {
  const query = `mutation { createUnit(input: { slug: "${slug}", symbol: "u", dimension: COUNT, name: [{ language: "en", text: "Unit" }] }) { revision } }`;
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
  const answer = await fetch(new URL("graphql", address), { method: "POST", headers, body: JSON.stringify({ query }) });
  assert.equal((await answer.json()).errors, undefined);
}
/** Sees the revision that is shown rise with each write, and stops. */
async function follow(slug) {
  for (let change = 0; change < 2; change++) {
    const revision = (await cells())[0][1];
    await write(`${slug}-${change}`);
    await page.waitForFunction((revision) => document.querySelector("[aria-label=Result] td:nth-child(2)").innerText !== revision, revision);
  }
  await page.getByRole("button", { name: /^Stop query/ }).click();
}
await open("subscription News { datasetChanged { slug revision } }");
await page.getByRole("button", { name: "Headers", exact: true }).click();
await type("request-headers.json", '{ "note": "x" }');
assert.deepEqual(said, [], "a link runs queries only");
await run(result.getByText("beijing-digital-economy-2025"));
await follow("told");
assert.deepEqual(said.slice(0, 2), [["connection_init", { note: "x" }], ["subscribe", "subscription News { datasetChanged { slug revision } }"]]);
await page.evaluate(() => localStorage.clear());
said.length = 0;
await open("query News @live { dataset { slug revision } }");
await result.getByText("beijing-digital-economy-2025").waitFor();
await follow("live");
assert.deepEqual(said.slice(0, 2), [["connection_init", {}], ["subscribe", "query News @live { dataset { slug revision } }"]]);

assert.deepEqual(strangers, [], "requests left the origin");
const expected = /GPU|the server responded with a status of 400/;
assert.deepEqual(complaints.filter((complaint) => !expected.test(complaint)), [], "the browser complained");
await browser.close();
