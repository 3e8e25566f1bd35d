import { describe, expect, it } from "vitest";
import { lineOfPath } from "./line-of-path.ts";

const TEXT = `{
  "version": 1,
  "body": {
    "kind": "json", "words": { "logon": "on\\"}" },
    "fields": [
      { "of": "ip" },
      {
        "of": "user"
      }
    ]
  }
}`;

describe("the line of a fault", () => {
  it("is where the value stands, also deep in lists and behind quoted brackets", () => {
    expect(
      ["version", "body.words.logon", "body.fields[0].of", "body.fields[1].of"].map((path) =>
        lineOfPath(TEXT, path),
      ),
    ).toEqual([2, 4, 6, 8]);
  });

  it("of something missing is where it is missing from", () => {
    expect(lineOfPath(TEXT, "body.fields[1].as")).toBe(7);
    expect(lineOfPath(TEXT, "limits.name")).toBe(1);
  });

  it("is none in a text that is no JSON", () => {
    expect(lineOfPath('{ "version": 1,, }', "version")).toBeNull();
    expect(lineOfPath("[".repeat(10_000), "")).toBeNull();
  });
});
