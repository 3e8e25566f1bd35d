import type { Outputs } from "~/trpc/outputs.ts";
import type { RuleChoice } from "../events/rule-choice.ts";
import { entriesOf } from "../form/entries.ts";

export type Receiver = Outputs["forwarding"]["list"]["items"][number];

/** Event forwarding as its form holds it. */
export interface ForwardingValues {
  readonly name: string;
  readonly host: string;
  readonly port: string;
  readonly clientCaPem: string;
  readonly allow: string;
  readonly channels: string;
  /** Empty: the standard one. */
  readonly query: string;
  readonly heartbeatSeconds: string;
  readonly lifetimeMinutes: string;
  readonly readExisting: boolean;
  readonly compress: boolean;
  readonly rules: RuleChoice;
  readonly enabled: boolean;
}

export function emptyForwarding(domain: string | null): ForwardingValues {
  return {
    name: "Event forwarding",
    host: "",
    port: "5986",
    clientCaPem: "",
    allow: domain === null ? "" : `*.${domain}`,
    channels: "Security",
    query: "",
    heartbeatSeconds: "900",
    lifetimeMinutes: "480",
    readExisting: false,
    compress: true,
    rules: { rulesOff: [], rulesOn: [] },
    enabled: true,
  };
}

export function forwardingValues(receiver: Receiver): ForwardingValues {
  return {
    name: receiver.name,
    host: receiver.host,
    port: String(receiver.port),
    clientCaPem: receiver.clientCaPem,
    allow: receiver.allow.join("\n"),
    channels: receiver.channels.join("\n"),
    query: receiver.query ?? "",
    heartbeatSeconds: String(receiver.heartbeatSeconds),
    lifetimeMinutes: String(receiver.lifetimeMinutes),
    readExisting: receiver.readExisting,
    compress: receiver.compress,
    rules: { rulesOff: receiver.rulesOff, rulesOn: receiver.rulesOn },
    enabled: receiver.enabled,
  };
}

/** The fields as the API takes them. */
export function forwardingFields(values: ForwardingValues) {
  const query = values.query.trim();
  return {
    name: values.name.trim(),
    host: values.host.trim(),
    port: Number(values.port),
    clientCaPem: values.clientCaPem.trim(),
    allow: entriesOf(values.allow),
    channels: entriesOf(values.channels),
    query: query === "" ? null : query,
    heartbeatSeconds: Number(values.heartbeatSeconds),
    lifetimeMinutes: Number(values.lifetimeMinutes),
    readExisting: values.readExisting,
    compress: values.compress,
    rulesOff: [...values.rules.rulesOff],
    rulesOn: [...values.rules.rulesOn],
    enabled: values.enabled,
  };
}
