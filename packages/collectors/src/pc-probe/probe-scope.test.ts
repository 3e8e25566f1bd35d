import { parseIp } from "@rollcall/identity-core";
import { expect, it } from "vitest";
import { createProbeScope, type ProbeScopeConfig } from "./probe-scope.ts";

const open = { include: [], exclude: [], infrastructure: [], allowPublic: false };

function why(config: Partial<ProbeScopeConfig>, text: string): string | null {
  const ip = parseIp(text) ?? expect.fail("an address");
  return createProbeScope({ ...open, ...config }).objectionTo(ip)?.why ?? null;
}

it("asks nobody where nothing is included", () => {
  expect(why({}, "10.0.0.7")).toBe("not-included");
});

it("never asks the whole world, however it is written", () => {
  for (const include of ["0.0.0.0/0", "0.0.0.0/1", "::/0", "8.0.0.0/5", "8.0.0.0-11.0.0.0"])
    expect(
      why({ include: [include], allowPublic: true }, include.includes(":") ? "2001:db8::1" : "9.9.9.9"),
    ).toBe("not-included");
});

it("asks a public address only where that was allowed", () => {
  expect(why({ include: ["203.0.113.0/24"] }, "203.0.113.9")).toBe("public");
  expect(why({ include: ["203.0.113.0/24"], allowPublic: true }, "203.0.113.9")).toBeNull();
  expect(why({ include: ["10.0.0.0/8"] }, "10.1.2.3")).toBeNull();
  expect(why({ include: ["fd00::/16"] }, "fd00::7")).toBeNull();
});

it("never asks a server, whatever is included", () => {
  expect(why({ include: ["10.0.0.0/8"], infrastructure: ["10.0.0.1"] }, "10.0.0.1")).toBe("infrastructure");
});
