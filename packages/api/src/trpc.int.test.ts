import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import superjson from "superjson";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { appRouter } from "./root.router.ts";
import { createInstallation, type TestInstallation, type TestPractice } from "./testing/installation.ts";

let installation: TestInstallation;
let practice: TestPractice;

beforeAll(async () => {
  installation = await createInstallation({ limited: true });
  practice = await installation.aPractice();
  await practice.api.customers.add({ name: "Meridian" });
});
afterAll(() => installation?.close());

/** As a browser would get it. */
async function post(path: string, input: unknown, changes: object = {}) {
  const request = new Request(`http://portal.example/api/trpc/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(superjson.serialize(input)),
  });
  const answer = await fetchRequestHandler({
    endpoint: "/api/trpc",
    req: request,
    router: appRouter,
    createContext: () => ({
      services: { ...installation.services, ...changes },
      principal: practice.owner,
      requestId: "request-42",
      sourceIp: null,
      tenants: new Map(),
      recheck: async () => practice.owner,
    }),
  });
  return { status: answer.status, text: await answer.text() };
}

describe("what a refused caller reads", () => {
  it("is a sentence per field, with the path that the form knows", async () => {
    const { status, text } = await post("points.add", {
      customer: "meridian",
      name: "",
      includeIp: ["10.0.0.0/8", "somewhere"],
      junos: { itemsPerBatch: 5 },
    });
    expect(status).toBe(400);
    const { data, message } = JSON.parse(text).error.json;
    expect(message).toBe("Check the marked fields.");
    expect(Object.keys(data.fields).sort()).toEqual(["includeIp.1", "junos.itemsPerBatch", "name"]);
    expect(data).toMatchObject({ code: "BAD_REQUEST", requestId: "request-42", path: "points.add" });
  });

  it("is the reason beside the sentence, and the field where one is meant", async () => {
    const { status, text } = await post("customers.add", { name: "meridian" });
    expect(status).toBe(422);
    expect(JSON.parse(text).error.json).toMatchObject({
      message: 'There is a customer "Meridian" already.',
      data: { reason: "name-taken", fields: { name: ['There is a customer "Meridian" already.'] } },
    });
  });

  it("is a request number and no word of what failed when we fail; the log has the other text", async () => {
    const database = {
      ...installation.database,
      withPractice: () =>
        Promise.reject(new Error("password authentication failed for user rollcall_app at 10.9.9.9")),
    };
    const { status, text } = await post("customers.add", { name: "New" }, { database });
    expect(status).toBe(500);
    expect(text).not.toMatch(/rollcall_app|10\.9\.9\.9|stack|node_modules/);
    expect(JSON.parse(text).error.json).toMatchObject({
      message: "This failed on our side. Your firewalls keep being answered.",
      data: { code: "INTERNAL_SERVER_ERROR", requestId: "request-42" },
    });
  });

  it("is to wait, when they ask too fast", async () => {
    const answers = [];
    for (let i = 0; i < 17; i += 1) answers.push(await post("audit.export", { customer: "meridian" }));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(2);
    expect(refused[0]?.text).toMatch(/Too many requests. Try again in \d s\./);
  });

  it("never holds what an output does not declare", async () => {
    const { text } = await post("points.add", { customer: "meridian", name: "FW" });
    expect(Object.keys(JSON.parse(text).result.data.json).sort()).toEqual([
      "clientId",
      "clientSecret",
      "id",
      "name",
    ]);
  });
});

describe("hostile input", () => {
  it.each(["__proto__", "constructor", "prototype"])(
    "named %s changes nothing and fails nothing",
    async (name) => {
      const body = `{"json":{"customer":"meridian","name":"x","${name}":{"polluted":true},"junos":{"${name}":{"polluted":true}}}}`;
      const request = new Request("http://portal.example/api/trpc/points.add", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      });
      const answer = await fetchRequestHandler({
        endpoint: "/api/trpc",
        req: request,
        router: appRouter,
        createContext: () => ({
          services: installation.services,
          principal: practice.owner,
          requestId: "r",
          sourceIp: null,
          tenants: new Map(),
          recheck: async () => practice.owner,
        }),
      });
      await answer.text();
      expect(answer.status).toBeLessThan(500);
      expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    },
  );
});
