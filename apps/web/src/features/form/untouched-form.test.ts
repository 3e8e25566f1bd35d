import { describe, expect, it } from "vitest";
import { forwardingFields, forwardingValues, type Receiver } from "../forwarding/forwarding-values.ts";
import { type Probe, probeFields, probeValues } from "../probes/probe-values.ts";

const live = {
  health: { state: "ok", sentence: "", since: null },
  lastActivityAt: null,
  counters: {},
} as const;
const site = { id: "s", name: "London" };
const addressSpace = { id: "a", name: "Main" };

/** What a save sets without being told to: the form has to hold every one of these. */
function changesOf(fields: object, saved: object): string[] {
  const before = new Map(Object.entries(saved));
  return Object.entries(fields).flatMap(([name, value]) =>
    JSON.stringify(value) === JSON.stringify(before.get(name)) ? [] : [name],
  );
}

describe("a form that is saved as it was opened", () => {
  it("changes nothing of event forwarding, its name least of all", () => {
    const receiver: Receiver = {
      ...live,
      id: "r",
      site,
      addressSpace,
      name: "Laptops",
      host: "agent.corp.example",
      port: 6986,
      clientCaPem: "-----BEGIN CERTIFICATE-----",
      issuers: [],
      subscriptionManagers: [],
      agentsWithoutName: [],
      allow: ["*.corp.example"],
      channels: ["Security", "Other"],
      query: "<QueryList></QueryList>",
      heartbeatSeconds: 60,
      readExisting: true,
      compress: false,
      lifetimeMinutes: 60,
      rulesOff: ["event:4624"],
      rulesOn: ["event:4769"],
      enabled: false,
      version: "v",
    };
    const fields = forwardingFields(forwardingValues(receiver));
    expect(fields.name).toBe("Laptops");
    expect(changesOf(fields, receiver)).toEqual([]);
  });

  it("changes nothing of a probe", () => {
    const probe: Probe = {
      ...live,
      site,
      addressSpace,
      enabled: true,
      credentials: [{ id: "c", name: "Reader", user: "reader@corp.example" }],
      include: ["10.30.0.0/16"],
      exclude: ["10.30.9.0/24"],
      allowPublic: true,
      methods: ["winrm"],
      verifyAtExpiry: false,
      onUnknownAddress: false,
      onEventWithoutUser: false,
      holdIfAlive: true,
      workers: 5,
      lifetimeMinutes: 60,
      version: "v",
    };
    const fields = probeFields(probeValues(probe));
    expect(fields.lifetimeMinutes).toBe(60);
    expect(changesOf(fields, { ...probe, credentialIds: ["c"] })).toEqual([]);
  });
});
