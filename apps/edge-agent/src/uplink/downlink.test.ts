import { aLogon, EVERYTHING, ip } from "@rollcall/identity-core/testing";
import { silentLogger } from "@rollcall/observability";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createGroupCommit } from "../pipeline/group-commit.ts";
import { openStore } from "../state/open-store.ts";
import { systemClock } from "../supervisor/clock.ts";
import { type FakeGateway, startFakeGateway } from "../testing/fake-gateway.ts";
import { withKeeper } from "../testing/pipeline-lab.ts";
import { aLink, anIdentity, during, eventually, once } from "../testing/uplink-lab.ts";
import { createDownlink } from "./downlink.ts";
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

const clock = systemClock;
const log = silentLogger;

describe("the downlink", () => {
  it("applies what others learnt, goes on where it was after a restart, and sends none of it up", () =>
    withKeeper(async ({ keeper, clock: time }) => {
      const observation = aLogon({ user: "ana", at: time.now(), source: "another-site" });
      gateway.on("GET /v1/downlink", once({ status: 200, body: { next: 17, items: [{ observation }] } }));
      const commits = createGroupCommit({
        keeper,
        clock: { ...clock, now: time.now },
        log,
        reopen: () => undefined,
      });
      await commits.start(new AbortController().signal);
      await during(
        (signal) => createDownlink({ link, keeper, commits }).follow(signal),
        () => eventually("it asks on", () => gateway.callsTo("GET /v1/downlink").length > 1),
      );
      await commits.stop();
      expect(keeper.source.byIp(ip("10.0.0.1"), EVERYTHING)?.user?.name).toBe("ana");
      expect([keeper.store.downlinkNext, keeper.store.spool.numbers().nextSeq]).toEqual([17, 1]);
      expect(
        gateway
          .callsTo("GET /v1/downlink")
          .map((call) => call.query.get("after"))
          .slice(0, 2),
      ).toEqual(["0", "17"]);
    }));

  it("reads what this agent itself had said until it has caught up, and all of it again when told to", () =>
    withKeeper(async ({ keeper, clock: time, file }) => {
      const asked = () =>
        gateway
          .callsTo("GET /v1/downlink")
          .map((call) => `${call.query.get("after")} ${call.query.get("own") ?? "others"}`);
      gateway.on("GET /v1/downlink", async ({ query }) => {
        if (query.get("after") === "0") return { status: 200, body: { next: 17, items: [] } };
        if (query.get("own") === null) await new Promise((resolve) => setTimeout(resolve, 50));
        return { status: 204 };
      });
      const commits = createGroupCommit({
        keeper,
        clock: { ...clock, now: time.now },
        log,
        reopen: () => undefined,
      });
      await commits.start(new AbortController().signal);
      const downlink = createDownlink({ link, keeper, commits });
      await during(downlink.follow, async () => {
        await eventually("it has caught up", () => asked().includes("17 others"));
        expect(asked().slice(0, 3)).toEqual(["0 1", "17 1", "17 others"]);
        gateway.calls.length = 0;
        await downlink.restart();
        await eventually("it has caught up again", () => {
          const again = asked().slice(asked().indexOf("0 1"));
          return again.includes("0 1") && again.includes("17 others");
        });
        gateway.calls.length = 0;
        keeper.store.close();
        keeper.replaceStore(openStore(`${file}.anew`, time.now()).store);
        await eventually("it reads all into the store that took the place of the lost one", () =>
          asked().includes("0 1"),
        );
        await eventually("it has caught up there", () => asked().at(-1) === "17 others");
      });
      await commits.stop();
      expect(keeper.store.downlinkNext).toBe(17);
    }));
});
