import { siteConfig } from "@rollcall/agent-protocol";
import { silentLogger } from "@rollcall/observability";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type FakeGateway, startFakeGateway } from "../testing/fake-gateway.ts";
import { aLink, anIdentity, during, eventually, once } from "../testing/uplink-lab.ts";
import { pollConfig } from "./config-poll.ts";
import type { PortalLink } from "./portal-link.ts";

let gateway: FakeGateway;
let link: PortalLink;
beforeAll(async () => {
  gateway = await startFakeGateway();
});
afterAll(() => gateway.close());
beforeEach(async () => {
  link = aLink(await anIdentity(gateway));
  gateway.calls.length = 0;
  return () => link.close();
});

const log = silentLogger;
const aSite = (parts: object = {}) =>
  siteConfig.parse({ version: 4, addressSpaces: [{ id: "space", name: "S" }], ...parts });

describe("the configuration channel", () => {
  const applied = () =>
    gateway
      .callsTo("POST /v1/config/applied")
      .map((call) => [call.body.version, call.body.outcome, call.body.reason ?? ""]);

  it("applies what the portal wants, says so, and asks on with the version it has", async () => {
    gateway.on("GET /v1/config", once({ status: 200, body: { version: 4, config: aSite() } }));
    const used: number[] = [];
    await during(
      (signal) =>
        pollConfig(
          {
            link,
            log,
            currentVersion: () => 3,
            apply: async (_config, version) => void used.push(version),
            onRefused: () => undefined,
          },
          signal,
        ),
      () => eventually("it asks on", () => gateway.callsTo("GET /v1/config").length > 1),
    );
    expect([used, applied()]).toEqual([[4], [[4, "applied", ""]]]);
    expect(
      gateway
        .callsTo("GET /v1/config")
        .map((call) => call.query.get("have"))
        .slice(0, 2),
    ).toEqual(["3", "4"]);
  });

  it("fetches anew what an agent was given that knew fewer fields, and says which it knows", async () => {
    gateway.on("GET /v1/config", once({ status: 200, body: { version: 3, config: aSite({ version: 3 }) } }));
    const used: number[] = [];
    await during(
      (signal) =>
        pollConfig(
          {
            link,
            log,
            currentVersion: () => 3,
            isKeptOfOlder: () => used.length === 0,
            apply: async (_config, version) => void used.push(version),
            onRefused: () => undefined,
          },
          signal,
        ),
      () => eventually("it asks on", () => gateway.callsTo("GET /v1/config").length > 1),
    );
    expect(used).toEqual([3]);
    expect(
      gateway
        .callsTo("GET /v1/config")
        .map(({ query }) => [query.get("have"), query.get("level")])
        .slice(0, 2),
    ).toEqual([
      [null, "2"],
      ["3", "2"],
    ]);
  });

  it("asks at once whether what it kept is still wanted, and says so; not of what runs in place of a refused one", async () => {
    let current = 0;
    const poll = (signal: AbortSignal) =>
      pollConfig(
        {
          link,
          log,
          currentVersion: () => 3,
          apply: async () => undefined,
          onRefused: () => undefined,
          onCurrent: () => {
            current += 1;
          },
        },
        signal,
      );
    const asked = () => gateway.callsTo("GET /v1/config").map((call) => call.query.get("wait"));
    gateway.on("GET /v1/config", once({ status: 204 }));
    await during(poll, () => eventually("it was told", () => asked().length > 1));
    expect(asked().slice(0, 2)).toEqual(["0", "50"]);
    expect(current).toBeGreaterThan(0);
    gateway.calls.length = 0;
    current = 0;
    gateway.on("GET /v1/config", once({ status: 200, body: { version: 4, config: { nonsense: 1 } } }));
    await during(poll, () => eventually("it asks on", () => asked().length > 2));
    expect(current).toBe(0);
  });

  it.each([
    [
      "an unknown key",
      { ...aSite(), sylsogSources: [] },
      'sylsogSources: is not a known key; did you mean "syslogSources"?',
    ],
    [
      "a reference that leads nowhere",
      aSite({
        enforcementPoints: [
          { id: "p", name: "P", clientId: "fw1", verifiers: [], addressSpaceIds: ["gone"] },
        ],
      }),
      'there is no address space "gone"',
    ],
    ["no configuration at all", "hello", "(the whole): expected a group of keys"],
  ])(
    "refuses %s with the reason, keeps the last good one, and does not ask for it again and again",
    async (_what, config, reason) => {
      gateway.on("GET /v1/config", once({ status: 200, body: { version: 5, config } }));
      const refused: string[] = [];
      await during(
        (signal) =>
          pollConfig(
            {
              link,
              log,
              currentVersion: () => 3,
              apply: () => Promise.reject(new Error("it must not be applied")),
              onRefused: (_version, why) => void refused.push(why),
            },
            signal,
          ),
        () => eventually("it asks on", () => gateway.callsTo("GET /v1/config").length > 1),
      );
      expect(refused).toEqual([expect.stringContaining(reason)]);
      expect(applied()).toEqual([[5, "refused", expect.stringContaining(reason)]]);
      expect(gateway.callsTo("GET /v1/config").at(1)?.query.get("have")).toBe("5");
    },
  );
});
