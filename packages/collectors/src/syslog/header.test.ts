import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseHeader } from "./header.ts";
import { readRecording } from "./testing/recorded.ts";

const zoned = (text: string) => ({ kind: "zoned", at: Date.parse(text) });
const local = (
  year: number | null,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  millisecond = 0,
) => ({ kind: "local", year, month, day, hour, minute, second, millisecond }) as const;

describe("parseHeader", () => {
  it.each([
    [
      "rsyslog, old format, tag without colon",
      "<86>Nov 21 20:02:05 dc1.corp.example samba  {}",
      {
        format: "rfc3164",
        priority: 86,
        time: local(null, 11, 21, 20, 2, 5),
        host: "dc1.corp.example",
        app: "samba",
      },
    ],
    [
      "syslog-ng, old format with fractions",
      "<86>Nov 21 20:01:45.633640 vm samba:   {}",
      {
        format: "rfc3164",
        priority: 86,
        time: local(null, 11, 21, 20, 1, 45, 633),
        host: "vm",
        app: "samba",
      },
    ],
    [
      "a day of one digit, a tag with a process id",
      "<30>Nov  3 04:02:05 vm dhcpd[2535]: DHCPACK",
      { format: "rfc3164", priority: 30, time: local(null, 11, 3, 4, 2, 5), host: "vm", app: "dhcpd" },
    ],
    [
      "a year and a zone (Cisco)",
      "<189>Nov 21 2026 20:02:05.123 UTC: %SYS-5: x",
      {
        format: "rfc3164",
        priority: 189,
        time: zoned("2026-11-21T20:02:05.123Z"),
        host: "%SYS-5:",
        app: "x",
      },
    ],
    [
      "the new format",
      '<86>1 2026-11-21T20:02:05.627856+00:00 dc1 samba 77 - [meta x="1"] msg',
      { format: "rfc5424", priority: 86, time: zoned("2026-11-21T20:02:05.627Z"), host: "dc1", app: "samba" },
    ],
    [
      "the new format with nothing known",
      "<86>1 - - - - - -",
      { format: "rfc5424", priority: 86, time: null, host: null, app: null },
    ],
    [
      "an ISO stamp in the old format, with a zone east of Greenwich",
      "<13>2026-11-21T20:02:05+05:30 gate1 auth: x",
      { format: "rfc3164", priority: 13, time: zoned("2026-11-21T14:32:05Z"), host: "gate1", app: "auth" },
    ],
    [
      "an ISO stamp without a zone",
      "2026-11-21T20:02:05 gate1 auth: x",
      { format: "rfc3164", priority: null, time: local(2026, 11, 21, 20, 2, 5), host: "gate1", app: "auth" },
    ],
    [
      "no header at all",
      "login user=a",
      { format: "none", priority: null, time: null, host: null, app: null },
    ],
    [
      "a priority out of range",
      "<999>x",
      { format: "none", priority: null, time: null, host: null, app: null },
    ],
    ["a month that is none", "<13>Foo 21 20:02:05 h x", { format: "rfc3164", time: null }],
    ["an hour that is none", "<13>1 2026-11-21T25:02:05Z h a - - - x", { format: "rfc5424", time: null }],
    ["a leap second", "<13>1 2016-12-31T23:59:60Z h a - - - x", { time: zoned("2016-12-31T23:59:59Z") }],
  ])("reads %s", (_name, text, expected) => {
    expect(parseHeader(text)).toMatchObject(expected);
  });

  it("reads every recorded message of rsyslog and syslog-ng", () => {
    const datagrams = ["rsyslog-received.txt", "syslog-ng-received.txt"]
      .flatMap((name) => readRecording(name))
      .filter(({ transport }) => transport === "UDP");
    expect(datagrams.length).toBe(8);
    for (const { bytes } of datagrams) {
      expect(parseHeader(bytes.toString("utf8"))).toMatchObject({
        priority: 86,
        time: expect.anything(),
        host: expect.stringMatching(/^(dc1\.corp\.example|vm)$/),
        app: "samba",
      });
    }
  });

  it("throws at no text and gives only times that exist", () => {
    const pieces = fc.constantFrom(
      "<86>",
      "<1",
      ">",
      "1 ",
      "2026-11-21T20:02:05",
      "Z",
      "+99:99",
      "Nov 21 ",
      "20:02:05",
      ".999999999",
      " ",
      "-",
      "host",
      "\0",
      "ö",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const { time } = parseHeader(parts.join(""));
        if (time?.kind === "zoned") expect(Number.isFinite(time.at)).toBe(true);
      }),
      { numRuns: 20_000 },
    );
  });
});
