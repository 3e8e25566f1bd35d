import { describe, expect, it } from "vitest";
import { readPushTargets } from "./push-targets.ts";

describe("where the cloud may post to", () => {
  it("is nowhere unless somebody says so", () => {
    for (const text of ["none", "", " "]) expect(readPushTargets(text)?.("8.8.8.8")).toBe(false);
  });

  it("is what is listed, or any public address; never a private or local one, listed or not", () => {
    const listed = readPushTargets("8.8.8.0/24, 10.0.0.0/8, 127.0.0.1, 169.254.169.254, 2600:1f00::/32");
    const asked = [
      "8.8.8.8",
      "2600:1f00::1",
      "9.9.9.9",
      "10.0.0.1",
      "127.0.0.1",
      "169.254.169.254",
      "::ffff:10.0.0.1",
    ];
    expect(asked.filter((ip) => listed?.(ip))).toEqual(["8.8.8.8", "2600:1f00::1"]);
    expect(asked.filter((ip) => readPushTargets("public")?.(ip))).toEqual([
      "8.8.8.8",
      "2600:1f00::1",
      "9.9.9.9",
    ]);
  });

  it("is refused where it cannot be read, instead of meaning anything", () => {
    expect([readPushTargets("everywhere"), readPushTargets("8.8.8.8,all")]).toEqual([null, null]);
  });
});
