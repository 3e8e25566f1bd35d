import type { Outputs } from "~/trpc/outputs.ts";
import { entriesOf } from "../form/entries.ts";

export type Probe = Outputs["probes"]["list"]["items"][number];

const METHODS = ["wmi winrm", "winrm wmi", "wmi", "winrm"] as const;
type Methods = (typeof METHODS)[number];

/** A probe as its form holds it. */
export interface ProbeValues {
  readonly enabled: boolean;
  readonly credentialIds: readonly string[];
  readonly include: string;
  readonly exclude: string;
  readonly allowPublic: boolean;
  readonly methods: Methods;
  readonly verifyAtExpiry: boolean;
  readonly onUnknownAddress: boolean;
  readonly onEventWithoutUser: boolean;
  readonly holdIfAlive: boolean;
  readonly workers: string;
  readonly lifetimeMinutes: string;
}

export const EMPTY_PROBE: ProbeValues = {
  enabled: false,
  credentialIds: [],
  include: "",
  exclude: "",
  allowPublic: false,
  methods: "wmi winrm",
  verifyAtExpiry: true,
  onUnknownAddress: true,
  onEventWithoutUser: true,
  holdIfAlive: false,
  workers: "20",
  lifetimeMinutes: "480",
};

export function probeValues(probe: Probe): ProbeValues {
  return {
    enabled: probe.enabled,
    credentialIds: probe.credentials.map(({ id }) => id),
    include: probe.include.join("\n"),
    exclude: probe.exclude.join("\n"),
    allowPublic: probe.allowPublic,
    methods: METHODS.find((methods) => methods === probe.methods.join(" ")) ?? "wmi winrm",
    verifyAtExpiry: probe.verifyAtExpiry,
    onUnknownAddress: probe.onUnknownAddress,
    onEventWithoutUser: probe.onEventWithoutUser,
    holdIfAlive: probe.holdIfAlive,
    workers: String(probe.workers),
    lifetimeMinutes: String(probe.lifetimeMinutes),
  };
}

/** The fields as the API takes them. */
export function probeFields(values: ProbeValues) {
  return {
    enabled: values.enabled,
    credentialIds: [...values.credentialIds],
    include: entriesOf(values.include),
    exclude: entriesOf(values.exclude),
    allowPublic: values.allowPublic,
    methods: values.methods
      .split(" ")
      .map((method) => (method === "wmi" ? ("wmi" as const) : ("winrm" as const))),
    verifyAtExpiry: values.verifyAtExpiry,
    onUnknownAddress: values.onUnknownAddress,
    onEventWithoutUser: values.onEventWithoutUser,
    holdIfAlive: values.holdIfAlive,
    workers: Number(values.workers),
    lifetimeMinutes: Number(values.lifetimeMinutes),
  };
}
