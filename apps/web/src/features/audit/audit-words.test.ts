import { describe, expect, it } from "vitest";
import { actionWords } from "./action-words.ts";
import { fieldChanges } from "./audit-words.ts";

describe("an audited change", () => {
  it("shows the fields that differ and only those", () => {
    expect(fieldChanges({ host: "dc1", port: 636 }, { host: "dc2", port: 636 })).toEqual([
      { field: "host", before: "dc1", after: "dc2" },
    ]);
  });

  it("shows what was added or removed as one-sided", () => {
    expect(fieldChanges(null, { name: "HQ" })).toEqual([{ field: "name", before: null, after: "HQ" }]);
    expect(fieldChanges({ name: "HQ" }, null)).toEqual([{ field: "name", before: "HQ", after: null }]);
  });

  it("writes lists out", () => {
    expect(fieldChanges({}, { senders: ["10.0.0.1"] })[0]?.after).toContain("10.0.0.1");
  });
});

describe("an action in words", () => {
  it("is a sentence, and never hides what it does not know", () => {
    expect(actionWords("directory.add")).toBe("Directory added");
    expect(actionWords("syslog-source.rules.save")).toBe("Syslog rules saved");
    expect(actionWords("quarantine.some-day")).toBe("Quarantine: some day");
  });
});
