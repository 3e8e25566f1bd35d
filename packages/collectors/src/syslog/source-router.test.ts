import { type IpAddress, parseIp } from "@rollcall/identity-core";
import { silentLogger } from "@rollcall/observability";
import { expect, it } from "vitest";
import { type RefusedLine, SourceRouter } from "./source-router.ts";
import { aSource, TestClock } from "./testing/builders.ts";

function address(text: string): IpAddress {
  const parsed = parseIp(text);
  if (parsed === null) throw new Error(`${text} is no address`);
  return parsed;
}

it("tells of lines that name an address and whose name cannot be used, without repeating the name", () => {
  const clock = new TestClock();
  const refused: RefusedLine[] = [];
  const router = new SourceRouter(clock.now, silentLogger, (line) => refused.push(line));
  router.setSources([aSource()]);
  const sender = address("127.0.0.1");
  const read = (text: string) =>
    router.read(router.sourcesOf(sender, "udp"), sender, new TextEncoder().encode(text), clock.now());
  const good = read("event=login user=ana ip=10.0.0.7");
  read("event=login user=an<b>a ip=10.0.0.8");
  read("event=login user=an<b>a ip=nowhere");
  read("nothing of interest");
  expect(good).toHaveLength(1);
  expect(refused).toEqual([
    {
      sourceId: "vpn",
      addressSpaceId: "default",
      ip: "10.0.0.8",
      at: clock.now(),
      sequenceId: expect.any(String),
      reason: "forbidden-character",
    },
  ]);
});
