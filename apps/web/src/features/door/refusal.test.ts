import { describe, expect, it } from "vitest";
import { refusalText, safeReturnTo } from "./refusal.ts";

describe("after signing in", () => {
  it("goes back to the page that asked for it", () => {
    expect(safeReturnTo("/c/castell/who?q=10.0.0.5")).toBe("/c/castell/who?q=10.0.0.5");
  });

  it.each([
    "//evil.example",
    "https://evil.example/",
    "/\\evil.example",
    "javascript:alert(1)",
    "/sign-in?from=/",
    "/api/trpc",
    "",
    undefined,
  ])("never leaves the portal for %s", (value) => {
    expect(safeReturnTo(value)).toBe("/fleet/customers");
  });
});

describe("a refused sign-in", () => {
  it("does not say whether the e-mail exists", () => {
    expect(refusalText({ kind: "refused", code: "CredentialsSignin", status: 401 })).toMatch(
      /do not belong together/,
    );
  });

  it("says how long to wait after many tries", () => {
    expect(refusalText({ kind: "refused", code: "wait-12", status: 401 })).toMatch(/Wait 12 s/);
    expect(refusalText({ kind: "refused", code: "", status: 429 })).toMatch(/Wait a minute/);
  });

  it("does not blame the password when the portal is at fault", () => {
    expect(refusalText({ kind: "refused", code: "", status: 500 })).toMatch(/could not check/);
    expect(refusalText({ kind: "refused", code: "sign-in-unavailable", status: 401 })).toMatch(
      /could not check/,
    );
    expect(refusalText({ kind: "no-answer" })).toMatch(/did not answer/);
  });
});
