import { describe, expect, it } from "vitest";
import { type DetectedPrincipal, type DetectionSettings, Detector } from "./detector.ts";
import { DistinctWindow } from "./distinct-window.ts";
import type { Observation } from "./observation.ts";
import { aLogon, anEnd, at, DAY, minutes } from "./testing/builders.ts";

const settings = (parts: Partial<DetectionSettings> = {}): DetectionSettings => ({
  mode: "on",
  suggestServiceAccountAt: 10,
  suppressServiceAccountAt: 25,
  multiUserAt: 3,
  natAt: 5,
  exempt: [],
  ...parts,
});

function who({ principal }: Observation): DetectedPrincipal | null {
  if (principal?.name === undefined) return null;
  const label = `${principal.domain}\\${principal.name}`;
  return { key: label, label, spellings: [label, principal.name] };
}

function after(observations: readonly Observation[], parts: Partial<DetectionSettings> = {}): Detector {
  const detector = new Detector(settings(parts));
  for (const observation of observations) detector.note(observation, who(observation));
  return detector;
}

const seats = (count: number, user = "svc", everyMinutes = 1) =>
  Array.from({ length: count }, (_, n) =>
    aLogon({ user, ip: `10.0.1.${n + 1}`, at: at("09:00") + minutes(n * everyMinutes), class: "C" }),
  );

describe("Detector", () => {
  it("takes an address for a shared host when three people log on there in a quarter of an hour, and not before", () => {
    const three = ["ana", "ben", "cho"].map((user, n) => aLogon({ user, at: at("09:00") + minutes(n * 7) }));
    expect(after(three.slice(0, 2)).markOf("space", "10.0.0.1", at("09:20"))).toBeNull();
    const detector = after(three);
    expect(detector.markOf("space", "10.0.0.1", at("09:20"))).toBe("multi-user");
    expect(detector.markOf("space", "10.0.0.2", at("09:20"))).toBeNull();
    expect(detector.detections(at("09:20"), 10)).toMatchObject([
      { kind: "multi-user", subject: "space|10.0.0.1", acted: true, count: 3 },
    ]);
    const slower = ["ana", "ben", "cho"].map((user, n) => aLogon({ user, at: at("09:00") + minutes(n * 8) }));
    expect(after(slower).markOf("space", "10.0.0.1", at("09:20"))).toBeNull();
  });

  it("takes no pool for a shared host whose address is handed on after each logoff", () => {
    const pool = ["ana", "ben", "cho", "dora"].flatMap((user, n) => [
      aLogon({ user, at: at("09:00") + minutes(n * 3) }),
      anEnd({ user, at: at("09:02") + minutes(n * 3) }),
    ]);
    expect(after(pool).markOf("space", "10.0.0.1", at("09:20"))).toBeNull();
  });

  it("counts neither uses of tickets nor weak signs as people at an address", () => {
    const weak = ["ana", "ben", "cho", "dora"].map((user, n) =>
      aLogon({ user, at: at("09:00"), class: n % 2 ? "C" : "D" }),
    );
    expect(after(weak).detections(at("09:20"), 10)).toEqual([]);
  });

  it("takes an address for a translated network when five machines are seen there in a quarter of an hour", () => {
    const machines = Array.from({ length: 5 }, (_, n) =>
      aLogon({ user: `pc${n}`, kind: "device", at: at("09:00") + minutes(n) }),
    );
    expect(after(machines.slice(1)).markOf("space", "10.0.0.1", at("09:20"))).toBeNull();
    expect(after(machines).markOf("space", "10.0.0.1", at("09:20"))).toBe("nat");
  });

  it("suggests an account that works at ten addresses in an hour, and acts at twenty-five", () => {
    const suggested = after(seats(10)).detections(at("10:00"), 10);
    expect(suggested).toMatchObject([
      { kind: "service-account", subject: "corp.example\\svc", acted: false, count: 10 },
    ]);
    expect(suggested[0]?.examples.length).toBeLessThanOrEqual(10);
    expect(after(seats(9)).detections(at("10:00"), 10)).toEqual([]);
    expect(after(seats(25)).detections(at("10:00"), 10)).toMatchObject([{ acted: true, count: 25 }]);
    // Ten addresses, but one every ten minutes: never ten in an hour.
    expect(after(seats(10, "svc", 10)).detections(at("11:00"), 10)).toEqual([]);
  });

  it("never takes an exempt account for a service account", () => {
    for (const exempt of ["svc", "CORP.example\\svc"])
      expect(after(seats(30), { exempt: [exempt] }).detections(at("10:00"), 10)).toEqual([]);
  });

  it("takes an address for no shared one that somebody said is none", () => {
    const exempt = ["space|10.0.0.1"];
    const three = ["ana", "ben", "cho"].map((user) => aLogon({ user, at: at("09:00") }));
    const detector = after(three, { exempt });
    expect([detector.detections(at("09:10"), 9), detector.markOf("space", "10.0.0.1", at("09:10"))]).toEqual([
      [],
      null,
    ]);
    // Said after it was found: it is let go at once.
    const found = after(three);
    found.setSettings(settings({ exempt }));
    expect(found.markOf("space", "10.0.0.1", at("09:10"))).toBeNull();
  });

  it("only suggests in detect mode, and looks at nothing when off", () => {
    const detect = after(seats(30), { mode: "detect" });
    expect(detect.detections(at("10:00"), 10)).toMatchObject([{ acted: false, count: 30 }]);
    const [one] = seats(1);
    const svc = one === undefined ? null : who(one);
    expect(svc !== null && detect.isServiceAccount(svc, at("10:00"))).toBe(false);
    expect(after(seats(30), { mode: "off" }).detections(at("10:00"), 10)).toEqual([]);
  });

  it("lets go of a finding a day after it was last seen", () => {
    const detector = after(seats(25));
    expect(detector.detections(at("09:30") + minutes(1440), 10)).toEqual([]);
  });

  it("says once what begins to be acted on", () => {
    const detector = new Detector(settings());
    const news = seats(40).map((seat) => detector.note(seat, who(seat)).length);
    expect(news.map((count, n) => (count > 0 ? n + 1 : 0)).filter((n) => n > 0)).toEqual([25]);
  });
});

describe("DistinctWindow", () => {
  it("forgets subjects that were quiet long, and the oldest member, beyond its bounds", () => {
    const window = new DistinctWindow({ windowMs: minutes(60), maxSubjects: 4, maxMembers: 3 });
    for (const subject of ["a", "b", "a", "c", "a", "d", "a", "e"]) window.note(subject, "x", DAY);
    expect([window.members("a"), window.members("b"), window.members("e")]).toEqual([["x"], [], ["x"]]);
    expect(window.size).toBeLessThanOrEqual(4);
    for (const [n, member] of ["p", "q", "r", "s"].entries()) window.note("a", member, DAY + 1000 * (n + 1));
    expect(window.members("a")).toEqual(["q", "r", "s"]);
  });

  it("counts an old sighting that comes late only within the window", () => {
    const window = new DistinctWindow({ windowMs: minutes(15), maxSubjects: 9, maxMembers: 9 });
    window.note("a", "x", at("09:30"));
    expect(window.note("a", "late", at("09:20"))).toBe(2);
    expect(window.note("a", "later", at("09:10"))).toBe(2);
  });
});
