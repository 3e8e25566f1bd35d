import { describe, expect, it } from "vitest";
import { EMPTY_POINT, newPointFields, pointFields } from "./point-values.ts";

describe("a firewall's form", () => {
  it("left as it is sends no fail-safe of its own: the customer's settings decide", () => {
    const fields = pointFields({ ...EMPTY_POINT, sourceAddresses: "10.20.0.1" });
    expect(fields).toMatchObject({ name: "Firewall 10.20.0.1", profile: "json-superset", mayReport: [] });
    expect(fields).not.toHaveProperty("whenSourcesDark");
    expect(fields).not.toHaveProperty("darkMinutes");
  });

  it("sends the minutes with the one choice that has them", () => {
    const chosen = { ...EMPTY_POINT, darkMinutes: "45" };
    expect(pointFields({ ...chosen, whenSourcesDark: "shorten" })).toMatchObject({ darkMinutes: 45 });
    expect(pointFields({ ...chosen, whenSourcesDark: "hold" })).not.toHaveProperty("darkMinutes");
  });

  it("leaves it to the API to refuse what is no number", () => {
    expect(pointFields({ ...EMPTY_POINT, reannounceMinutes: "soon" }).reannounceMinutes).toBeNaN();
    expect(pointFields({ ...EMPTY_POINT, reannounceMinutes: " " }).reannounceMinutes).toBe(0);
  });

  it("send a chosen secret of a new one alone, and none where the field is empty", () => {
    expect(newPointFields(EMPTY_POINT)).not.toHaveProperty("chosen");
    const typed = { ...EMPTY_POINT, chosen: "Kp7-vast-Orchard-39!" };
    expect(newPointFields(typed).chosen).toBe("Kp7-vast-Orchard-39!");
    expect(pointFields(typed)).not.toHaveProperty("chosen");
  });
});
