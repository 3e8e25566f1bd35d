import { describe, expect, it } from "vitest";
import { evidenceOf, signsOf } from "./suggestion-words.ts";

describe("why something is suggested", () => {
  it("says of an account where it was, and what speaks for it besides", () => {
    const account = { kind: "service-account" as const, count: 14 };
    expect(evidenceOf({ ...account, signs: [] })).toBe("at 14 addresses within an hour");
    expect(signsOf({ ...account, signs: [] })).toBeNull();
    expect(signsOf({ ...account, signs: ["service-name", "password-never-expires"] })).toBe(
      "has a service name (SPN); password never expires, and nobody sat at a keyboard with it for 30 days",
    );
    // What a later agent says is shown as it is.
    expect(signsOf({ ...account, signs: ["speaks-at-night"] })).toBe("speaks-at-night");
  });

  it("says of a host whether its people are there at once by remote desktop, or came one after the other", () => {
    const host = { kind: "multi-user" as const, count: 3 };
    expect(evidenceOf({ ...host, signs: [] })).toBe("3 people within 15 minutes");
    expect(evidenceOf({ ...host, signs: ["remote-desktop"] })).toContain(
      "by remote desktop at the same time",
    );
    expect(signsOf({ ...host, signs: ["remote-desktop"] })).toBeNull();
  });
});
