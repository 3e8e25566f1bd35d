import { expect, it } from "vitest";
import { probeMetrics } from "./probe-metrics.ts";

it("counts the probe by outcome and by credential, whatever characters a credential's id has", () => {
  const source = { id: "pc-probe", kind: "pc-probe" as const, name: "PC probe", state: "ok" as const };
  const counters = {
    asked: 3,
    "answer.user": 2,
    "notAsked.asked-recently": 1,
    "credential.a.b.refused": 4,
    busy: 1,
  };
  const metrics = probeMetrics([{ ...source, sentence: "", since: 0, lastActivityAt: null, counters }]);
  expect(Object.fromEntries(metrics.map(({ name, samples }) => [name, samples]))).toEqual({
    pc_probe_asked_total: [{ value: 3 }],
    pc_probe_answers_total: [{ labels: { outcome: "user" }, value: 2 }],
    pc_probe_not_asked_total: [{ labels: { reason: "asked-recently" }, value: 1 }],
    pc_probe_verifications_total: [],
    pc_probe_logins_total: [{ labels: { credential: "a.b", outcome: "refused" }, value: 4 }],
  });
});
