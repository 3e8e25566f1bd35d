import { faultOfShare, faultOfSwitch, SHARES_MAX } from "@rollcall/event-rules";
import { z } from "zod";
import { health } from "../chain.schema.ts";
import { customerInput, displayName, hostText, objectInput, uuid } from "../input-fields.ts";
import { versionText } from "../meanwhile.ts";
import { isQueryList } from "./query-list.ts";

export const eventSourceKind = z.enum(["domain-controller", "exchange", "event-collector"]);

const channelPath = z
  .string()
  .trim()
  .min(1)
  .max(256)
  .regex(/^[^\p{Cc}"<>|]*$/u, "the path of a log, e.g. Security or ForwardedEvents");

/** An agent passes it on as it is: whether the server takes it is said by the test. */
export const eventQueryText = z
  .string()
  .trim()
  .max(20_000)
  .regex(/^<QueryList>[\s\S]*<\/QueryList>$/, "structured XML: <QueryList> … </QueryList>")
  .refine(isQueryList, "well-formed XML, with one <QueryList> around all of it");

/** Ids of rules. One that no rule has would switch nothing, in silence. */
export const ruleIds = z
  .array(z.string().min(1).max(64))
  .max(100)
  .superRefine((ids, ctx) => {
    for (const [index, id] of ids.entries()) {
      const fault = faultOfSwitch(id);
      if (fault !== null) ctx.addIssue({ code: "custom", path: [index], message: fault.problem });
      if (ids.indexOf(id) < index)
        ctx.addIssue({ code: "custom", path: [index], message: `"${id}" is there twice` });
    }
  });

/** Shares whose use counts beside SYSVOL and NETLOGON. */
const shares = z
  .array(z.string().trim().min(1).max(80))
  .max(SHARES_MAX)
  .superRefine((names, ctx) => {
    for (const [index, name] of names.entries()) {
      const fault = faultOfShare(name);
      if (fault !== null)
        ctx.addIssue({ code: "custom", path: [index], message: `${fault.problem}: ${fault.remedy}` });
    }
  });

/** What a form sends. Bounds are those of `eventSourceConfig` of the agent protocol. */
export const eventSourceFields = z.strictObject({
  name: displayName,
  kind: eventSourceKind,
  host: hostText,
  credentialId: uuid,
  channelPath: channelPath.nullable().default(null),
  /** Null: the one of its kind, which goes along with the rules that are on. */
  query: eventQueryText.nullable().default(null),
  catchUpMinutes: z.number().int().min(0).max(10_080).default(60),
  lifetimeMinutes: z.number().int().min(1).max(1440).default(480),
  rulesOff: ruleIds.default([]),
  rulesOn: ruleIds.default([]),
  shares: shares.default([]),
  endpointMapperPort: z.number().int().min(1).max(65_535).default(135),
  headerSigning: z.boolean().default(true),
  enabled: z.boolean().default(true),
});

export const addEventSourceInput = customerInput.extend({
  siteId: uuid,
  /** The customer's default where absent. */
  addressSpaceId: uuid.optional(),
  ...eventSourceFields.shape,
});

export const updateEventSourceInput = objectInput.extend({
  /** Whatever is there is changed where absent. */
  version: versionText.optional(),
  changes: z.strictObject({
    name: displayName.optional(),
    kind: eventSourceKind.optional(),
    host: hostText.optional(),
    credentialId: uuid.optional(),
    addressSpaceId: uuid.optional(),
    channelPath: channelPath.nullable().optional(),
    query: eventQueryText.nullable().optional(),
    catchUpMinutes: z.number().int().min(0).max(10_080).optional(),
    lifetimeMinutes: z.number().int().min(1).max(1440).optional(),
    rulesOff: ruleIds.optional(),
    rulesOn: ruleIds.optional(),
    shares: shares.optional(),
    endpointMapperPort: z.number().int().min(1).max(65_535).optional(),
    headerSigning: z.boolean().optional(),
    enabled: z.boolean().optional(),
  }),
});

export const eventSourceView = z.object({
  id: uuid,
  site: z.object({ id: uuid, name: z.string() }),
  addressSpace: z.object({ id: uuid, name: z.string() }),
  credential: z.object({ id: uuid, name: z.string(), user: z.string() }),
  name: z.string(),
  kind: eventSourceKind,
  host: z.string(),
  channelPath: z.string().nullable(),
  query: z.string().nullable(),
  catchUpMinutes: z.number().int(),
  lifetimeMinutes: z.number().int(),
  rulesOff: z.array(z.string()),
  rulesOn: z.array(z.string()),
  shares: z.array(z.string()),
  endpointMapperPort: z.number().int(),
  headerSigning: z.boolean(),
  enabled: z.boolean(),
  health,
  lastActivityAt: z.date().nullable(),
  /** As the agent counts: received, matched, by rule and by reason. */
  counters: z.record(z.string(), z.number()),
  version: versionText,
});
export type EventSourceView = z.infer<typeof eventSourceView>;
export const eventSourceList = z.object({ items: z.array(eventSourceView), asOf: z.date() });
