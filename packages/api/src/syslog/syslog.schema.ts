import { syslogPattern } from "@rollcall/agent-protocol";
import { z } from "zod";
import { health } from "../chain.schema.ts";
import { customerInput, displayName, ipRangeText, objectInput, timeZone, uuid } from "../input-fields.ts";
import { versionText } from "../meanwhile.ts";

/** One sequence as a form sends it; its ordinal is its place in the list. */
export const sequenceFields = z.strictObject({
  description: z.string().trim().max(200).default(""),
  kind: z.enum(["begin", "end"]),
  trigger: z.string().min(1, "which lines are meant?").max(1000),
  patterns: z.array(syslogPattern).min(1, "at least one value").max(20),
  matchSourceIp: z.boolean().default(false),
  startingTimeMinutes: z.number().int().min(0).max(1440).default(0),
  positiveSamples: z.array(z.string().max(4096)).max(50).default([]),
  negativeSamples: z.array(z.string().max(4096)).max(50).default([]),
});
export type SequenceFields = z.infer<typeof sequenceFields>;
/** With its id where it was saved before: what sessions say of their rule then stays true. */
export const savedSequenceFields = sequenceFields.extend({ id: uuid.optional() });

export const syslogSourceFields = z.strictObject({
  name: displayName,
  senders: z.array(ipRangeText).min(1, "who may send?").max(50),
  transport: z.enum(["any", "udp", "tcp"]).default("any"),
  /** Which addresses it may open sessions for; outside them its lines only refresh what is known. */
  speaksFor: z.array(ipRangeText).max(200).default([]),
  defaultDomain: z.string().trim().max(255).nullable().default(null),
  timeZone: timeZone.nullable().default(null),
  lifetimeMinutes: z.number().int().min(1).max(1440).default(480),
  maxLinesPerSecond: z.number().int().min(1).max(1_000_000).default(20_000),
  enabled: z.boolean().default(true),
});

export const addSyslogSourceInput = customerInput.extend({
  siteId: uuid,
  /** The customer's default where absent. */
  addressSpaceId: uuid.optional(),
  ...syslogSourceFields.shape,
  /** Name of a base configuration whose sequences are copied. */
  baseConfiguration: z.string().max(100).nullable().default(null),
});

export const updateSyslogSourceInput = objectInput.extend({
  /** The `settingsVersion` that was read. Whatever is there is changed where absent. */
  version: versionText.optional(),
  changes: z.strictObject({
    name: displayName.optional(),
    senders: z.array(ipRangeText).min(1, "who may send?").max(50).optional(),
    transport: z.enum(["any", "udp", "tcp"]).optional(),
    speaksFor: z.array(ipRangeText).max(200).optional(),
    defaultDomain: z.string().trim().max(255).nullable().optional(),
    timeZone: timeZone.nullable().optional(),
    lifetimeMinutes: z.number().int().min(1).max(1440).optional(),
    maxLinesPerSecond: z.number().int().min(1).max(1_000_000).optional(),
    enabled: z.boolean().optional(),
  }),
});

export const syslogSourceRow = z.object({
  id: uuid,
  site: z.object({ id: uuid, name: z.string() }),
  addressSpace: z.object({ id: uuid, name: z.string() }),
  name: z.string(),
  senders: z.array(z.string()),
  transport: z.enum(["any", "udp", "tcp"]),
  speaksFor: z.array(z.string()),
  defaultDomain: z.string().nullable(),
  timeZone: z.string().nullable(),
  lifetimeMinutes: z.number().int(),
  maxLinesPerSecond: z.number().int(),
  baseConfiguration: z.string().nullable(),
  enabled: z.boolean(),
  sequenceCount: z.number().int(),
  health,
  lastActivityAt: z.date().nullable(),
  counters: z.record(z.string(), z.number()),
  /** Of everything but the sequences: hand back with `update`. */
  settingsVersion: versionText,
});
export const syslogSourceList = z.object({ items: z.array(syslogSourceRow), asOf: z.date() });

export const sequenceView = sequenceFields.extend({ id: uuid, ordinal: z.number().int() }).strip();
export const syslogSourceDetail = syslogSourceRow.extend({
  sequences: z.array(sequenceView),
  /** Hand back with `saveSequences`: refuses to overwrite what somebody else saved meanwhile. */
  version: versionText,
});

/** Where an expression or sample is wrong. `sequence` counts from 0 in the list that was sent. */
export const ruleProblem = z.object({
  sequence: z.number().int(),
  field: z.enum(["sequence", "trigger", "pattern", "positive-sample", "negative-sample"]),
  index: z.number().int().nullable(),
  position: z.number().int(),
  length: z.number().int(),
  message: z.string(),
});

export const saveSequencesInput = objectInput.extend({
  sequences: z.array(savedSequenceFields).max(100),
  version: versionText,
});
export const savedSequences = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("saved"), source: syslogSourceDetail }),
  z.object({ kind: z.literal("refused"), problems: z.array(ruleProblem) }),
]);

export const tryRulesInput = customerInput.extend({
  sequences: z.array(sequenceFields).max(100),
  lines: z.array(z.string().max(4096)).max(200),
  senderIp: z.string().max(45).nullable().default(null),
});
const capture = z.object({
  attribute: z.string(),
  value: z.string(),
  start: z.number().int(),
  end: z.number().int(),
});
export const lineResult = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("matched"),
    /** Place of the sequence in the list that was sent, from 0. */
    sequence: z.number().int(),
    verb: z.enum(["begin", "end"]),
    user: z.string().nullable(),
    domain: z.string().nullable(),
    upn: z.string().nullable(),
    ip: z.string().nullable(),
    ipFrom: z.enum(["line", "sender"]).nullable(),
    device: z.string().nullable(),
    correlator: z.string().nullable(),
    groups: z.array(z.string()),
    text: z.string(),
    captures: z.array(capture),
  }),
  z.object({
    kind: z.literal("refused"),
    sequence: z.number().int().nullable(),
    reason: z.string(),
    message: z.string(),
    attribute: z.string().nullable(),
    text: z.string(),
    captures: z.array(capture),
  }),
  z.object({ kind: z.literal("not-matched"), text: z.string() }),
]);
export const triedRules = z.object({ problems: z.array(ruleProblem), lines: z.array(lineResult) });

export const baseConfigurationList = z.object({
  items: z.array(
    z.object({
      name: z.string(),
      title: z.string(),
      description: z.string(),
      sequences: z.array(sequenceFields.strip()),
    }),
  ),
});
