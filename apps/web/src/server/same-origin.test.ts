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

  it("may come by any name of this machine where the portal is on it, by the right port", () => {
    const portal = "http://127.0.0.1:3000";
    expect(isSameOrigin(from({ origin: "http://localhost:3000" }), portal)).toBe(true);
    expect(isSameOrigin(from({ origin: "http://localhost:3001" }), portal)).toBe(false);
    expect(isSameOrigin(from({ origin: "https://localhost:3000" }), portal)).toBe(false);
    expect(isSameOrigin(from({ origin: "http://localhost.evil.test:3000" }), portal)).toBe(false);
    expect(isSameOrigin(from({ origin: "http://localhost:3000" }), "https://portal.example")).toBe(false);
  });
});
