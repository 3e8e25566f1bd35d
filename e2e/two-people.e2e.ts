import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { A_CA_PEM } from "../packages/api/src/testing/sample-inputs.ts";
import { Person, whyNoBrowser } from "./browser.ts";
import { Portal } from "./portal.ts";
import { Product, variant } from "./product.ts";

/** One has a form open, another saves. The other is the same account elsewhere: who it was is the API's own test. */
const CUSTOMER = "meridian";
const noBrowser = whyNoBrowser();
if (noBrowser !== null && process.env.CI) throw new Error(noBrowser);

describe.skipIf(variant !== "postgres" || noBrowser !== null)("a form that two people have open", () => {
  let product: Product;
  let portal: Portal;
  let person: Person;
  let siteId: string;

  beforeAll(async () => {
    product = await Product.start();
    const { email, password } = product.ready;
    portal = new Portal(product.ready.portal);
    await portal.signIn(email, password);
    const sites = await portal.query<{ items: { id: string }[] }>("sites.list", { customer: CUSTOMER });
    siteId = sites.items[0]?.id ?? "";
    person = await Person.atTheDoor(product.ready.portal);
    const { page } = person;
    await page.getByLabel("E-mail").fill(email);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL(/fleet/);
  });
  afterAll(async () => {
    await person?.leave();
    await product?.stop();
  });

  const wanted = (of: Record<string, unknown>) => ({
    customer: CUSTOMER,
    siteId,
    host: "agent.castell.example",
    clientCaPem: A_CA_PEM,
    ...of,
  });
  const receiver = async () =>
    (await portal.query<{ items: Record<string, unknown>[] }>("forwarding.list", { customer: CUSTOMER }))
      .items[0];

  it("hears at once of what the other saved, loads it, and keeps what was typed", async () => {
    await portal.mutate("forwarding.set", wanted({ name: "Laptops" }));
    const { page } = person;
    await page.goto(`${product.ready.portal}/c/${CUSTOMER}/forwarding?edit=${siteId}`);
    await page.getByLabel("Port").fill("7986");
    await portal.mutate("forwarding.set", wanted({ host: "agent2.castell.example", port: 6986 }));
    await page.getByText("Somebody changed this while you were editing").waitFor();
    const looks = await person.lookAround("two-people-overtaken", { narrow: true });

    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText(/was changed by you, in another window, at \d\d:\d\d/).waitFor();
    expect(await receiver()).toMatchObject({ host: "agent2.castell.example", port: 6986 });

    await page.getByRole("button", { name: "Load it again" }).click();
    await page.getByText("Saved meanwhile: 6986").waitFor();
    expect(await page.getByLabel("Port").inputValue()).toBe("7986");
    expect(await page.getByLabel("Name of the agent").inputValue()).toBe("agent2.castell.example");
    expect(await page.getByText("Not saved").count()).toBe(0);
    looks.push(...(await person.lookAround("two-people-loaded", { narrow: true })));
    expect(looks).toEqual([]);

    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText(/^Saved\. Agents of /).waitFor();
    expect(await receiver()).toMatchObject({ host: "agent2.castell.example", port: 7986, name: "Laptops" });
  });

  it("keeps what was typed also where the other removed it, and says so", async () => {
    const { id } = await portal.mutate<{ id: string }>("credentials.add", {
      customer: CUSTOMER,
      name: "Event reader",
      user: "reader@castell.example",
      password: "a password",
    });
    const { page } = person;
    await page.goto(`${product.ready.portal}/c/${CUSTOMER}/credentials?id=${id}&edit=true`);
    await page.getByLabel("Name").fill("Reads events");
    await portal.mutate("credentials.remove", { customer: CUSTOMER, id });
    // The page behind has heard of it: the form must still be there.
    await page.getByText("No credential yet").waitFor();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText(/^Event reader was removed by you, in another window/).waitFor();
    expect(await page.getByLabel("Name").inputValue()).toBe("Reads events");
  });

  it("says nothing of one's own save, where the form stays after it", async () => {
    const { id } = await portal.mutate<{ id: string }>("syslog.add", {
      customer: CUSTOMER,
      siteId,
      name: "VPN gateway",
      senders: ["10.20.0.9"],
    });
    const { page } = person;
    await page.goto(`${product.ready.portal}/c/${CUSTOMER}/syslog/${id}?tab=settings`, {
      waitUntil: "networkidle",
    });
    for (const minutes of ["60", "61"]) {
      await page.getByLabel("A session lasts").fill(minutes);
      const answered = page.waitForResponse((answer) => answer.url().includes("/syslog.update"));
      await page.getByRole("button", { name: "Save settings" }).click();
      expect((await answered).status()).toBe(200);
    }
    await page.getByRole("button", { name: "Save settings", disabled: false }).waitFor();
    expect(await page.getByText("Somebody changed this").count()).toBe(0);
    expect(await portal.query("syslog.get", { customer: CUSTOMER, id })).toMatchObject({
      lifetimeMinutes: 61,
    });
  });
});
