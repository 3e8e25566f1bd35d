import { builtInProfiles, readProfile } from "@rollcall/srx-protocol";
import { anEntry, anEntryUser } from "@rollcall/srx-protocol/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aPoint, bearer, type Harness, startHarness } from "./testing/server-harness.ts";

let harness: Harness;
let token: string;

beforeEach(async () => {
  harness = await startHarness();
  harness.points.setPoints([aPoint({ learnUntil: harness.clock.now() + 3_600_000 })]);
  harness.source.tell(anEntry({ user: anEntryUser() }));
  await harness.clock.advance(60_000);
  token = await harness.token();
});
afterEach(() => harness.stop());

async function ask(path: string): Promise<string> {
  await harness.clock.advance(5000);
  return (await harness.ask({ path, headers: bearer(token) })).body;
}
const FIRST = "/user_query/v2/users/endpoints?begintime=0&entry_count=200";
const bodyOf = (text: string) => (text.startsWith("<") ? "xml" : text.startsWith("[") ? "list" : "json");

describe("a firewall that is being learnt", () => {
  it("is answered with the next profile, and with everything, once it has not understood two answers", async () => {
    expect([bodyOf(await ask(FIRST)), bodyOf(await ask(FIRST))]).toEqual(["json", "json"]);
    // Asks only for what is new: but what it was told before, it did not understand.
    const recently = Math.floor(harness.clock.now() / 1000) - 10;
    const third = await ask(`/user_query/v2/users/endpoints?begintime=${recently}&entry_count=200`);
    expect(bodyOf(third)).toBe("xml");
    expect(third).toContain("<user>alice</user>");
    expect(harness.server.learning("tenant-1")).toMatchObject([
      {
        enforcementPointId: "point-1",
        profile: "userfw-xml",
        state: "trying",
        tried: ["json-superset", "userfw-xml"],
      },
    ]);
    expect(harness.server.learning("other")).toEqual([]);
  });

  it("keeps the profile whose cookie it gives back", async () => {
    for (let poll = 0; poll < 3; poll++) await ask(FIRST);
    const cookie = /cookie="([^"]+)"/.exec(await ask(FIRST))?.[1] ?? "";
    expect(await ask(`/user_query/v2/users/endpoints?cookie=${cookie}`)).toContain("<userfw-entries");
    expect(harness.server.learning()).toMatchObject([{ profile: "userfw-xml", state: "understood" }]);
    expect(harness.server.learning()[0]?.sentence).toContain("choose it");
  });

  it("is tried with all built-in profiles and the customer's own, then stays with the first", async () => {
    const custom = readProfile(
      {
        body: {
          kind: "json",
          listKey: "rows",
          fields: [
            { of: "ip", as: ["a"] },
            { of: "user", as: ["u"] },
            { of: "online", as: ["o"] },
          ],
        },
      },
      { key: "ours", name: "Ours" },
    );
    if (custom.kind !== "profile") throw new Error("refused");
    harness.points.setPoints([
      aPoint({ learnUntil: harness.clock.now() + 86_400_000, otherProfiles: [custom.profile] }),
    ]);
    for (let poll = 0; poll < 100; poll++) await ask(FIRST);
    expect(harness.server.learning()).toMatchObject([
      {
        profile: "json-superset",
        state: "exhausted",
        tried: [...builtInProfiles.map(({ key }) => key), "ours"],
      },
    ]);
  });

  it("is tried further when it keeps asking for addresses that it was told", async () => {
    const told = JSON.parse(await ask(FIRST)) as { cookie: string };
    await ask(`/user_query/v2/users/endpoints?cookie=${told.cookie}`);
    expect(harness.server.learning()).toMatchObject([{ state: "understood" }]);
    // A person who wants a fresh look says so, and means nothing by it.
    for (let query = 0; query < 9; query++) await ask("/user_query/v2/ip/192.0.2.50?force-probe=1");
    expect(harness.server.learning()).toMatchObject([{ state: "understood" }]);
    for (let query = 0; query < 5; query++) await ask("/user_query/v2/ip/192.0.2.50");
    expect(harness.server.learning()).toMatchObject([{ profile: "userfw-xml", state: "trying" }]);
  });

  it("is not thought to have missed what it was told only a moment ago", async () => {
    const told = JSON.parse(await ask(FIRST)) as { cookie: string };
    const ip = "192.0.2.51";
    harness.source.tell(anEntry({ ip, user: anEntryUser(), changedAt: harness.clock.now() + 5000 }));
    await ask(`/user_query/v2/users/endpoints?cookie=${told.cookie}`);
    for (let query = 0; query < 5; query++)
      await harness.ask({ path: `/user_query/v2/ip/${ip}`, headers: bearer(token) });
    expect(harness.server.learning()).toMatchObject([{ profile: "json-superset", state: "understood" }]);
  });

  it("is answered as it is set once the time is over", async () => {
    for (let poll = 0; poll < 3; poll++) await ask(FIRST);
    expect(bodyOf(await ask(FIRST))).toBe("xml");
    await harness.clock.advance(2 * 3_600_000);
    expect(harness.server.learning()).toEqual([]);
    expect(bodyOf(await ask(FIRST))).toBe("json");
    expect(harness.server.learning()).toEqual([]);
  });

  it("may send its credentials in the address; no other may", async () => {
    const inAddress = { method: "POST", path: "/oauth_token/oauth?client_id=srx-a&client_secret=EXAMPLE" };
    expect((await harness.ask(inAddress)).status).toBe(200);
    expect(
      (await harness.ask({ ...inAddress, path: "/oauth?client_id=srx-a&client_secret=wrong" })).status,
    ).toBe(401);
    harness.points.setPoints([aPoint()]);
    const answers = [
      await harness.ask(inAddress),
      await harness.ask({ ...inAddress, path: "/oauth?client_id=srx-a&client_secret=wrong" }),
      await harness.ask({ ...inAddress, path: "/oauth?client_id=nobody&client_secret=EXAMPLE" }),
    ];
    expect(new Set(answers.map(({ status, body }) => `${status} ${body}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(400);
  });
});

describe("a firewall that is not being learnt", () => {
  it("is answered as it is set, whatever it asks", async () => {
    harness.points.setPoints([aPoint()]);
    for (let poll = 0; poll < 20; poll++) expect(bodyOf(await ask(FIRST))).toBe("json");
    expect(harness.server.learning()).toEqual([]);
  });
});
