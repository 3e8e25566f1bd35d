import { parseIp } from "@rollcall/identity-core";
import { expect, it } from "vitest";
import { verifiedHostName } from "./host-name.ts";

const ip = parseIp("10.0.0.7") ?? expect.fail("an address");

const names = (reverse: readonly string[], forward: Readonly<Record<string, readonly string[]>>) => ({
  reverse: async () => reverse,
  addressesOf: async (name: string) => forward[name] ?? [],
});

it("trusts a name that leads back to the address", async () => {
  const dns = names(["PC-1.corp.example."], { "pc-1.corp.example": ["10.0.0.7"] });
  expect(await verifiedHostName(ip, dns)).toBe("pc-1.corp.example");
});

it("trusts no name that leads elsewhere: an address may claim the name of any computer", async () => {
  expect(
    await verifiedHostName(ip, names(["dc1.corp.example"], { "dc1.corp.example": ["10.0.0.1"] })),
  ).toBeNull();
});

it("trusts no name that is none, and needs no answer", async () => {
  for (const name of ["pc-1", "pc 1.corp.example", "pc/1.corp.example@OTHER", "-.corp.example\0x"])
    expect(await verifiedHostName(ip, names([name], { [name]: ["10.0.0.7"] }))).toBeNull();
  const broken = {
    reverse: async () => Promise.reject(new Error("SERVFAIL")),
    addressesOf: async () => [],
  };
  expect(await verifiedHostName(ip, broken)).toBeNull();
});
