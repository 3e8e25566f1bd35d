import { describe, expect, it } from "vitest";
import { isUnder, parseDnPath } from "./dn-place.ts";

const path = (dn: string) => parseDnPath(dn) ?? [];

describe("a place in a directory", () => {
  const place = path("OU=Session Hosts,DC=corp,DC=example");

  it.each([
    ["a computer in it", "CN=RDS1,OU=Session Hosts,DC=corp,DC=example", true],
    ["one in an OU below it", "CN=RDS1,OU=Old,OU=Session Hosts,DC=corp,DC=example", true],
    ["the same in other letters and spaces", "cn=rds1, ou=session hosts , dc=CORP,dc=example", true],
    ["one in an OU whose name only ends the same", "CN=RDS1,OU=No Session Hosts,DC=corp,DC=example", false],
    ["one of another domain", "CN=RDS1,OU=Session Hosts,DC=lab,DC=corp,DC=example", false],
    ["the place above it", "DC=corp,DC=example", false],
  ])("holds or does not hold %s", (_, dn, isIn) => {
    expect(isUnder(path(dn), place)).toBe(isIn);
  });

  it("is the same however a comma in its name is escaped", () => {
    const written = path("OU=Hosts\\, old,DC=corp,DC=example");
    expect(path("OU=Hosts\\2C old,DC=corp,DC=example")).toEqual(written);
    expect(isUnder(path("CN=X\\,Y,OU=Hosts\\2c old,DC=corp,DC=example"), written)).toBe(true);
    expect(path("OU=Z\\C3\\BCrich,DC=example")).toEqual(["ou=zürich", "dc=example"]);
  });

  it.each(["", "Session Hosts", "OU=,DC=corp", "OU=a,,DC=corp", "=x,DC=corp"])("is not %j", (text) => {
    expect(parseDnPath(text)).toBeNull();
  });
});
