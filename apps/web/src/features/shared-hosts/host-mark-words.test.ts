import { describe, expect, it } from "vitest";
import { widenessOf } from "./host-mark-words.ts";

describe("a mark of computers", () => {
  it("is warned of where it means a whole domain, and of workstations where it is narrowed by service name", () => {
    const said = (under: string, remoteDesktopOnly: boolean) => widenessOf({ under, remoteDesktopOnly });
    expect(said("DC=corp,DC=example", false)).toContain("no computer in it would name anybody");
    expect(said("dc=corp, dc=example", true)).toContain("workstations among them");
    expect(said("OU=Session hosts,DC=corp,DC=example", false)).toBeNull();
    expect(said("half a na", false)).toBeNull();
  });
});
