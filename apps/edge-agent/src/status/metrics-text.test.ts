import { describe, expect, it } from "vitest";
import { metricsText } from "./metrics-text.ts";

describe("metricsText", () => {
  it("writes the text format, escapes labels, and leaves out what has no number", () => {
    expect(
      metricsText([
        {
          name: "a_total",
          help: "Counts a.",
          type: "counter",
          samples: [{ labels: { source: 'x"\\\n' }, value: 3 }, { value: 4 }],
        },
        { name: "absent", help: "Nothing.", type: "gauge", samples: [{ value: Number.NaN }] },
      ]),
    ).toBe('# HELP a_total Counts a.\n# TYPE a_total counter\na_total{source="x\\"\\\\\\n"} 3\na_total 4\n');
  });
});
