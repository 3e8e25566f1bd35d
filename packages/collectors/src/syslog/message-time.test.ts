import { describe, expect, it } from "vitest";
import { parseHeader } from "./header.ts";
import { eventTime, openZone } from "./message-time.ts";

const at = (stamp: string, zoneName: string | null, receivedAt: string) => {
  const zone = zoneName === null ? null : openZone(zoneName);
  const time = eventTime(parseHeader(`<13>${stamp} host app: x`).time, zone, Date.parse(receivedAt));
  return time === null ? null : new Date(time).toISOString();
};

describe("eventTime", () => {
  it("takes the message's time when it carries a zone, whatever the source declares", () => {
    expect(at("2026-11-21T20:02:05+01:00", "America/New_York", "2026-11-21T19:02:06Z")).toBe(
      "2026-11-21T19:02:05.000Z",
    );
  });

  it("gives none for a time without a zone when the source declares none", () => {
    expect(at("Nov 21 20:02:05", null, "2026-11-21T20:02:06Z")).toBeNull();
  });

  it("reads a time without a zone in the source's zone, in summer and in winter", () => {
    expect(at("Nov 21 20:02:05", "Europe/Zurich", "2026-11-21T19:02:06Z")).toBe("2026-11-21T19:02:05.000Z");
    expect(at("Jul 21 20:02:05", "Europe/Zurich", "2026-07-21T18:02:06Z")).toBe("2026-07-21T18:02:05.000Z");
  });

  it("finds the year at the turn of the year, in both directions", () => {
    expect(at("Dec 31 23:59:58", "UTC", "2027-01-01T00:00:01Z")).toBe("2026-12-31T23:59:58.000Z");
    expect(at("Jan  1 00:00:02", "UTC", "2026-12-31T23:59:59Z")).toBe("2027-01-01T00:00:02.000Z");
  });

  it("gives a time in the hour that the clocks skip or repeat", () => {
    expect(at("Mar 29 02:30:00", "Europe/Zurich", "2026-03-29T01:30:00Z")).not.toBeNull();
    expect(at("Oct 25 02:30:00", "Europe/Zurich", "2026-10-25T01:30:00Z")).toMatch(/^2026-10-25T0[01]:30:00/);
  });

  it("knows no zone of an invented name", () => {
    expect(openZone("Mars/Olympus")).toBeNull();
  });
});
