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
  remoteDesktopAt: 2,
  exempt: [],
  exemptGroups: [],
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

describe("Detector, of people by remote desktop", () => {
  const session = (user: string, number: number, minute: number, rule = "event:4624-10") =>
    aLogon({ user, at: at("09:00") + minutes(minute), rule, correlator: `rds1|0x${number}` });
  const left = (user: string, number: number, minute: number) => ({
    ...session(user, number, minute, "event:4779"),
    verb: "refresh" as const,
    class: "D" as const,
  });
  const markAfter = (...observations: Observation[]) =>
    after(observations).markOf("space", "10.0.0.1", at("12:00"));

  it("takes a host for a shared one while two are connected, hours apart from each other's logon", () => {
    const both = [session("ana", 1, 0), session("ben", 2, 120)];
    expect(markAfter(...both)).toBe("multi-user");
    expect(after(both).detections(at("12:00"), 9)).toMatchObject([
      { kind: "multi-user", acted: true, count: 2, signs: ["remote-desktop"] },
    ]);
    // The same two at the keyboard, as far apart, take turns.
    expect(markAfter(...both.map((one) => ({ ...one, rule: "event:4624-2" })))).toBeNull();
  });

  it("counts nobody who logged off, by the number of the session or by name", () => {
    const off = (parts: object) => ({ ...anEnd({ user: "ana", at: at("09:30") }), ...parts });
    expect(
      markAfter(session("ana", 1, 0), off({ correlator: "rds1|0x1" }), session("ben", 2, 60)),
    ).toBeNull();
    expect(markAfter(session("ana", 1, 0), off({ correlator: null }), session("ben", 2, 60))).toBeNull();
    expect(markAfter(session("ana", 1, 0), off({ correlator: "rds1|0x9" }), session("ben", 2, 60))).toBe(
      "multi-user",
    );
  });

  it("counts nobody who left their session running, until they come back", () => {
    const sequence = [session("ana", 1, 0), left("ana", 1, 30), session("ben", 2, 60)];
    expect(markAfter(...sequence)).toBeNull();
    expect(markAfter(...sequence, session("ana", 1, 90, "event:4778"))).toBe("multi-user");
  });

  it("counts a person with two sessions once, and nobody of whom nothing was heard for a day", () => {
    expect(markAfter(session("ana", 1, 0), session("ana", 2, 10))).toBeNull();
    expect(markAfter(session("ana", 1, -1450), session("ben", 2, 10))).toBeNull();
  });

  it("does not count a logon whose end or leaving is known to be later, though it comes last", () => {
    expect(markAfter(session("ben", 2, 60), left("ana", 1, 30), session("ana", 1, 0))).toBeNull();
  });
});

describe("Detector, of accounts that a directory knows", () => {
  const as =
    (signs: { hasServiceName?: boolean; isPasswordForever?: boolean }, groups: string[] = []) =>
    (observation: Observation): DetectedPrincipal | null => {
      const one = who(observation);
      const account = { hasServiceName: false, isPasswordForever: false, ...signs };
      return one && { ...one, account: () => account, groups: () => groups };
    };
  const seen = (
    observations: readonly Observation[],
    name: (observation: Observation) => DetectedPrincipal | null,
    parts: Partial<DetectionSettings> = {},
  ) => {
    const detector = new Detector(settings(parts));
    for (const observation of observations) detector.note(observation, name(observation));
    return detector.detections(at("10:00"), 10).filter(({ kind }) => kind === "service-account");
  };
  /** Somebody sits down each day for so many days up to now. */
  const keyboards = (days: number, user = "ana", from = 0) =>
    Array.from({ length: days }, (_, n) =>
      aLogon({ user, ip: "10.0.2.1", at: at("08:00") - (days + from - n) * minutes(1440), class: "A" }),
    );

  it("makes each address of one with a service name count for one and a half", () => {
    expect(seen(seats(6), as({ hasServiceName: true }))).toEqual([]);
    expect(seen(seats(7), as({ hasServiceName: true }))).toMatchObject([
      { count: 7, acted: false, signs: ["service-name"] },
    ]);
    expect(seen(seats(17), as({ hasServiceName: true }))).toMatchObject([{ count: 17, acted: true }]);
  });

  it("counts a password that never expires only where nobody sat down with it for thirty days", () => {
    const forever = as({ isPasswordForever: true, hasServiceName: true });
    expect(seen([...keyboards(31), ...seats(5)], forever)).toMatchObject([
      { count: 5, signs: ["service-name", "password-never-expires"] },
    ]);
    // It was used at a keyboard a week ago.
    expect(seen([...keyboards(31), ...keyboards(1, "svc", 7), ...seats(5)], forever)).toEqual([]);
    // Logons at keyboards are heard of for ten days only, or not any more, or never: nothing can be said.
    expect(seen([...keyboards(10), ...seats(5)], forever)).toEqual([]);
    expect(seen([...keyboards(31, "ana", 8), ...seats(5)], forever)).toEqual([]);
    expect(seen(seats(5), forever)).toEqual([]);
  });

  it("remembers who sat down over a restart", () => {
    const forever = as({ isPasswordForever: true, hasServiceName: true });
    const before = new Detector(settings());
    for (const one of [...keyboards(31), ...keyboards(1, "svc", 7)]) before.note(one, forever(one));
    const memory = before.takeMemory();
    expect(before.takeMemory()).toBeNull();
    const found = (user: string) => {
      const later = new Detector(settings());
      if (memory !== null) later.restore(JSON.parse(JSON.stringify(memory)));
      for (const seat of seats(5, user)) later.note(seat, forever(seat));
      return later.detections(at("10:00"), 9).length;
    };
    expect([found("svc"), found("task")]).toEqual([0, 1]);
  });

  it("never takes a member of an exempt group for a service account, and lets one go who was found", () => {
    const helpdesk = as({}, ["helpdesk", "corp.examplehelpdesk"]);
    expect(seen(seats(30), helpdesk, { exemptGroups: ["Helpdesk"] })).toEqual([]);
    expect(seen(seats(30), helpdesk, { exemptGroups: ["corp.exampleHELPDESK"] })).toEqual([]);
    expect(seen(seats(30), helpdesk, { exemptGroups: ["lab.examplehelpdesk"] })).toHaveLength(1);
    const detector = new Detector(settings());
    for (const seat of seats(30)) detector.note(seat, helpdesk(seat));
    const [seat] = seats(1);
    const one = seat === undefined ? null : helpdesk(seat);
    if (one === null) throw new Error("somebody");
    expect(detector.isServiceAccount(one, at("10:00"))).toBe(true);
    detector.setSettings(settings({ exemptGroups: ["helpdesk"] }));
    expect(detector.isServiceAccount(one, at("10:00"))).toBe(false);
  });

  it("suggests only in the first days, and begins to act once they are over, with the sessions that stand", () => {
    const detector = new Detector(settings({ suggestAccountsUntil: at("10:00") }));
    const noted = (seat: Observation) => detector.note(seat, who(seat));
    expect(seats(30).flatMap(noted)).toEqual([]);
    expect(detector.detections(at("09:59"), 9)).toMatchObject([{ acted: false, count: 30 }]);
    const [again, more] = seats(2, "svc", 1).map((seat) => ({ ...seat, effectiveAt: at("10:05") }));
    if (again === undefined || more === undefined) throw new Error("two logons");
    expect(noted(again)).toMatchObject([{ kind: "service-account", acted: true }]);
    expect(noted(more)).toEqual([]);
  });

  it("acts on a shared host in the first days too", () => {
    const three = ["ana", "ben", "cho"].map((user) => aLogon({ user, at: at("09:00") }));
    expect(after(three, { suggestAccountsUntil: at("12:00") }).markOf("space", "10.0.0.1", at("09:10"))).toBe(
      "multi-user",
    );
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
