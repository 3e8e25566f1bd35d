import { expect, test } from "vitest";
import { exportDifferences } from "./export-differences.ts";

const row = {
  ip: "10.0.0.1",
  kind: "other-groups",
  here: "a, b",
  there: '=HYPERLINK("x")',
  source: "@evil",
  since: 0,
};

test("a CSV holds no formula, whatever people and sources are called", () => {
  expect(exportDifferences([row], "csv")).toBe(
    'ip,kind,here,there,source,since\r\n10.0.0.1,other-groups,"a, b","\'=HYPERLINK(""x"")",\'@evil,1970-01-01T00:00:00.000Z\r\n',
  );
});

test("NDJSON is one object a line, as it is", () => {
  expect(JSON.parse(exportDifferences([row], "ndjson"))).toEqual({
    ...row,
    since: "1970-01-01T00:00:00.000Z",
  });
});
