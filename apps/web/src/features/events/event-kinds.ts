import type { Outputs } from "~/trpc/outputs.ts";

export type EventSource = Outputs["eventSources"]["list"]["items"][number];

/** What a server is decides which events are asked for, and what they mean. */
export const EVENT_SOURCE_KINDS: readonly {
  readonly value: EventSource["kind"];
  readonly label: string;
  readonly channel: string;
}[] = [
  { value: "domain-controller", label: "Domain controller", channel: "Security" },
  { value: "exchange", label: "Exchange server", channel: "Security" },
  { value: "event-collector", label: "Windows Event Collector", channel: "ForwardedEvents" },
];

export function kindLabel(kind: EventSource["kind"]): string {
  return EVENT_SOURCE_KINDS.find(({ value }) => value === kind)?.label ?? kind;
}

/** The log that is read where nobody names another. */
export function channelOf({ kind, channelPath }: Pick<EventSource, "kind" | "channelPath">): string {
  return channelPath ?? EVENT_SOURCE_KINDS.find(({ value }) => value === kind)?.channel ?? "Security";
}
