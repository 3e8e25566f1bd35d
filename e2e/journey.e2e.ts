import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Lab, labForTests } from "../infra/lab/lab.ts";
import { Person, whyNoBrowser } from "./browser.ts";
import { Portal } from "./portal.ts";
import { Product, variant } from "./product.ts";
import { Agent, Firewall } from "./site.ts";
import { sendLines } from "./syslog-sender.ts";
import { until } from "./until.ts";

/**
 * Journey J1, in a real browser with the real processes: from an empty practice to the first firewall that was told a
 * name. Each click, filled field and choice is counted.
 */
const MOST_INTERACTIONS = 18;
let product: Product;
let lab: Lab | null;
let person: Person;
let agent: Agent;
let firewall: Firewall;

describe("the portal in a browser", () => {
  beforeAll(async () => {
    const noBrowser = whyNoBrowser();
    if (noBrowser !== null && process.env.CI) throw new Error(noBrowser);
    lab = variant === "postgres" && noBrowser === null ? await labForTests({ users: 60 }) : null;
    if (lab === null) return;
    product = await Product.start(["--empty"]);
    person = await Person.atTheDoor(product.ready.portal);
  });

  afterAll(async () => {
    await person?.leave();
    await firewall?.stop();
    await agent?.kill("SIGTERM");
    await product?.stop();
    await lab?.stop();
  });

  it("lets nobody in with a wrong password, and says so without telling which of the two was wrong", async (context) => {
    if (lab === null) return context.skip();
    const { page } = person;
    await page.getByLabel("E-mail").fill(product.ready.email);
    await page.getByLabel("Password", { exact: true }).fill("not the password");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("do not belong together").waitFor();
    expect(await person.lookAround("sign-in", { narrow: true })).toEqual([]);
    // The refused try is answered with 401, which a browser writes to its console.
    person.complaints.length = 0;
  });

  it(`leads from an empty practice to the first firewall told a name in at most ${MOST_INTERACTIONS} interactions`, async (context) => {
    if (lab === null) return context.skip();
    const { page } = person;
    const looks: string[] = [];
    await page.getByLabel("E-mail").fill(product.ready.email);
    await page.getByLabel("Password", { exact: true }).fill(product.ready.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Customers", level: 1 }).waitFor();
    looks.push(...(await person.lookAround("customers-empty", { narrow: true })));
    person.interactions = 0;

    await person.click(page.getByRole("button", { name: "Add customer" }).first());
    await person.fill(page.getByLabel("Customer name"), "Castell & Daughters");
    await person.fill(page.getByLabel("Main AD domain"), lab.domain);
    looks.push(...(await person.lookAround("add-customer")));
    await person.click(page.getByRole("button", { name: "Create" }));
    await page.getByRole("heading", { name: "Set-up", level: 1 }).waitFor();

    const [download] = await Promise.all([
      page.waitForEvent("download"),
      person.click(page.getByRole("button", { name: "Download onboarding file" })),
    ]);
    const saved = path.join(product.dir, download.suggestedFilename());
    await download.saveAs(saved);
    looks.push(...(await person.lookAround("set-up-file", { narrow: true })));
    agent = await Agent.enrol(product, "127.0.0.2", {
      fileName: download.suggestedFilename(),
      fileText: readFileSync(saved, "utf8"),
    });
    await agent.run();

    // The page turns by itself: file read, connected, and the next step opens.
    await page.getByLabel("Domain controller").waitFor({ timeout: 30_000 });
    await person.fill(page.getByLabel("Domain controller"), lab.address);
    await person.fill(page.getByLabel("CA certificate"), lab.caPem);
    await person.fill(page.getByLabel("Account"), lab.readerUpn);
    await person.fill(page.getByLabel("Password", { exact: true }), lab.password);
    looks.push(...(await person.lookAround("set-up-directory")));
    await person.click(page.getByRole("button", { name: "Save and test" }));

    await page.getByLabel("Base configuration").waitFor({ timeout: 30_000 });
    await person.choose(page.getByLabel("Base configuration"), "key-value");
    await person.fill(page.getByLabel("Senders"), "127.0.0.0/8");
    await person.fill(page.getByLabel("Speaks for"), "10.20.0.0/16");
    await person.click(page.getByRole("button", { name: "Add source" }));

    await page.getByLabel("Firewall address").waitFor({ timeout: 30_000 });
    await person.fill(page.getByLabel("Firewall address"), "127.0.0.0/8");
    await person.fill(page.getByLabel(/^Firewalls reach /), "127.0.0.2");
    await person.click(page.getByRole("button", { name: "Create", exact: true }));
    const copy = page.getByRole("button", { name: /^Copy \d+ lines?$/ }).first();
    await copy.waitFor({ timeout: 30_000 });
    looks.push(...(await person.lookAround("set-up-junos", { narrow: true })));
    await person.click(copy);
    const lines = await page.evaluate<string>("navigator.clipboard.readText()");
    firewall = await firewallFrom(lines, product);

    await until("the agent hears the source", 30_000, async () => {
      await sendLines(agent.syslog, "udp", [
        `<134>1 ${new Date().toISOString()} vpn1 vpnd - - - login user=u000001 domain=${lab?.netbios} ip=10.20.31.77`,
      ]);
      return (await firewall.at("10.20.31.77"))?.user === "u000001";
    });
    await page.getByTestId("first-told").waitFor({ timeout: 30_000 });
    expect(await page.getByTestId("first-told").textContent()).toContain("u000001");
    looks.push(...(await person.lookAround("set-up-done", { narrow: true })));
    expect(looks).toEqual([]);
    expect(person.complaints).toEqual([]);
    console.log(`J1: ${person.interactions} interactions`);
    expect(person.interactions).toBeLessThanOrEqual(MOST_INTERACTIONS);
  });

  it("shows every page without an accessibility fault, a console error or a request to the outside", async (context) => {
    if (lab === null) return context.skip();
    const { page } = person;
    const portal = new Portal(product.ready.portal);
    await portal.signIn(product.ready.email, product.ready.password);
    const customers = await portal.query<{ items: { slug: string }[] }>("customers.list", {});
    const at = `/c/${customers.items[0]?.slug}`;
    const points = await portal.query<{ items: { id: string }[] }>("points.list", {
      customer: customers.items[0]?.slug,
    });
    const sources = await portal.query<{ items: { id: string }[] }>("syslog.list", {
      customer: customers.items[0]?.slug,
    });
    const agents = await portal.query<{ items: { id: string }[] }>("agents.list", {
      customer: customers.items[0]?.slug,
    });
    const looks: string[] = [];
    for (const [name, where] of [
      ["customers", "/fleet/customers"],
      ["fleet-who", "/fleet/who?q=u0000"],
      ["overview", at],
      ["who", `${at}/who`],
      ["who-drawer", `${at}/who?ip=10.20.31.77`],
      ["agents", `${at}/agents`],
      ["agent", `${at}/agents/${agents.items[0]?.id}`],
      ["directories", `${at}/directories`],
      ["syslog", `${at}/syslog`],
      ["syslog-source", `${at}/syslog/${sources.items[0]?.id}`],
      ["enforcement", `${at}/enforcement`],
      ["enforcement-point", `${at}/enforcement/${points.items[0]?.id}`],
      ["profiles", `${at}/profiles`],
      ["filters", `${at}/filters`],
      ["shared-hosts", `${at}/shared`],
      ["sites", `${at}/sites`],
      ["audit", `${at}/audit`],
      ["settings", `${at}/settings`],
    ] as const) {
      await page.goto(product.ready.portal + where);
      await page.locator("h1").first().waitFor({ state: "attached" });
      if (name === "who-drawer") await page.getByRole("dialog").getByText("How it was decided").waitFor();
      looks.push(...(await person.lookAround(name, { narrow: true })));
    }
    expect(looks).toEqual([]);
    expect(person.complaints).toEqual([]);
  });

  it("does not say whether another practice's customer exists", async (context) => {
    if (lab === null) return context.skip();
    const answer = await person.page.goto(`${product.ready.portal}/c/no-such-customer`);
    expect(answer?.status()).toBe(404);
    person.complaints.length = 0;
  });
});

/** A firewall that is configured by nothing but the lines that were copied. */
async function firewallFrom(lines: string, { dir }: Product): Promise<Firewall> {
  const value = (statement: string) => {
    const line = lines.split("\n").find((text) => text.includes(` ${statement} `));
    if (!line) throw new Error(`the copied lines hold no "${statement}":\n${lines}`);
    return (line.split(` ${statement} `)[1] ?? "").trim().replace(/^"|"$/g, "");
  };
  writeFileSync(path.join(dir, "copied.txt"), lines);
  return Firewall.start(
    `https://${value("primary address")}:${value("connection port")}`,
    value("primary client-id"),
    value("primary client-secret"),
    ["--insecure"],
  );
}
