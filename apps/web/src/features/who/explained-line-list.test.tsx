import { TimeProvider } from "@rollcall/ui/time";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { ExplainedLineList } from "./explained-line-list.tsx";
import type { ExplainedLine } from "./explained-words.ts";

const AT = new Date(Date.UTC(2026, 10, 25, 2, 0));

function aLine(changes: Partial<ExplainedLine> = {}): ExplainedLine {
  return {
    kind: "accepted",
    of: "user",
    at: AT,
    rule: "syslog:59f52d9e-1874-4b1c-9b1e-2f0a4f6d7c11",
    law: "2",
    sentence: "counts (class A)",
    source: "VPN",
    principal: "CORP\\ana",
    ...changes,
  };
}

const drawn = (lines: readonly ExplainedLine[]) =>
  renderToStaticMarkup(
    <TimeProvider zone="UTC" renderedAt={AT.getTime()}>
      <ExplainedLineList lines={lines} label="What became of it" />
    </TimeProvider>,
  );

describe("an explanation", () => {
  it("says of each line what became of it, who, which source, and the number of the law", () => {
    const html = drawn([
      aLine(),
      aLine({ kind: "suppressed", law: "14", sentence: "kept back by a filter" }),
    ]);
    for (const text of ["Counts", "CORP\\ana", "VPN", "law 2", "syslog rule 59f52d9e", "Left out", "law 14"])
      expect(html).toContain(text);
  });

  it("folds a long list of what was said, and never the steps that decided", () => {
    const many = Array.from({ length: 30 }, () => aLine());
    const html = drawn([...many, aLine({ kind: "decision", sentence: "the newest class A owns it" })]);
    expect(html.match(/data-kind="accepted"/g)).toHaveLength(12);
    expect(html).toContain("the newest class A owns it");
    expect(html).toContain("Show all 30 lines");
  });

  it("shows a kind that a later agent knows and we do not, instead of hiding it", () => {
    expect(drawn([aLine({ kind: "verified" })])).toContain("verified");
  });

  it("says so where there was nothing to decide", () => {
    expect(drawn([])).toContain("nothing to decide");
  });
});
