import { describe, expect, it } from "vitest";
import { parseZoneChoice, zoneFor } from "./zone.ts";

const zones = { mine: "Europe/Berlin", customer: "Europe/London" };

describe("the zone of times", () => {
  it("is the person's own until something else is chosen", () => {
    expect(zoneFor(parseZoneChoice(undefined), zones, undefined)).toBe("Europe/Berlin");
    expect(zoneFor("customer", zones, undefined)).toBe("Europe/London");
    expect(zoneFor("customer", { ...zones, customer: null }, undefined)).toBe("Europe/Berlin");
    expect(zoneFor("browser", zones, "Asia/Tokyo")).toBe("Asia/Tokyo");
  });

  it("does not break the page over a zone that does not exist", () => {
    expect(zoneFor("browser", zones, "Mars/Olympus")).toBe("Europe/Berlin");
    expect(zoneFor("mine", { mine: "Mars/Olympus", customer: null }, undefined)).toBe("UTC");
  });
});
