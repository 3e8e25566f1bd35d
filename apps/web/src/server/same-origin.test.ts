import { describe, expect, it } from "vitest";
import { isSameOrigin } from "./same-origin.ts";

const from = (headers: Record<string, string>) =>
  new Request("http://127.0.0.1:3000/api/trpc/x", { method: "POST", headers });

describe("a request that changes something", () => {
  it("is taken from the portal's own pages only", () => {
    const portal = "https://portal.example/";
    expect(isSameOrigin(from({ origin: "https://portal.example" }), portal)).toBe(true);
    expect(isSameOrigin(from({ origin: "https://portal.example.evil.test" }), portal)).toBe(false);
    expect(isSameOrigin(from({ origin: "http://portal.example" }), portal)).toBe(false);
    expect(isSameOrigin(from({ origin: "null" }), portal)).toBe(false);
    expect(isSameOrigin(from({}), portal)).toBe(false);
  });
});
