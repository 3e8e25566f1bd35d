import { sourceKind, unknownSender } from "@rollcall/agent-protocol";
import { z } from "zod";
import { health } from "../chain.schema.ts";
import { customerInput, displayName, hostText, objectInput, uuid } from "../input-fields.ts";

const siteRef = z.object({ id: uuid, name: z.string() });

export const agentRow = z.object({
  id: uuid,
  name: z.string(),
  site: siteRef,
  state: z.enum(["active", "revoked", "locked"]),
  health,
  hostname: z.string().nullable(),
  os: z.string().nullable(),
  version: z.string().nullable(),
  firewallNames: z.array(z.string()),
  enrolledAt: z.date(),
  lastSeenAt: z.date().nullable(),
  config: z.object({
    wanted: z.number().int(),
    applied: z.number().int().nullable(),
    refused: z.object({ version: z.number().int(), reason: z.string() }).nullable(),
  }),
  /** Live addresses at the agent; null before its first report. */
  sessions: z.number().int().nullable(),
  /** What the cloud has not acknowledged yet. */
  pending: z.number().int().nullable(),
  /** Agent's clock minus ours, ms; null before its first report. */
  clockOffsetMs: z.number().nullable(),
  certificateExpiresAt: z.date().nullable(),
});
export type AgentRow = z.infer<typeof agentRow>;
export const agentList = z.object({ items: z.array(agentRow), asOf: z.date() });

export const agentDetail = agentRow.extend({
  startedAt: z.date().nullable(),
  sourceIp: z.string().nullable(),
  sources: z.array(
    z.object({
      id: z.string(),
      kind: sourceKind,
      name: z.string(),
      health,
      lastActivityAt: z.date().nullable(),
      counters: z.record(z.string(), z.number()),
    }),
  ),
  listeners: z.array(
    z.object({
      name: z.string(),
      address: z.string(),
      state: z.enum(["ok", "degraded", "broken", "off"]),
      sentence: z.string(),
    }),
  ),
  store: z.object({ state: z.enum(["ok", "full", "broken"]), sentence: z.string() }).nullable(),
  spool: z
    .object({ pending: z.number().int(), bytes: z.number().int(), oldestPendingAt: z.date().nullable() })
    .nullable(),
  firewalls: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      lastBatchAt: z.date().nullable(),
      entriesSent: z.number().int(),
    }),
  ),
  certificates: z.array(
    z.object({
      serial: z.string(),
      generation: z.number().int(),
      state: z.string(),
      notBefore: z.date(),
      notAfter: z.date(),
    }),
  ),
});

export const issueOnboardingInput = customerInput.extend({
  siteId: uuid,
  /** Made from the site's name where absent. */
  agentName: displayName.optional(),
  validHours: z.number().int().min(1, "at least 1 hour").max(168, "at most 7 days").default(72),
});
/** Shown once: neither file nor secret can be asked for again. */
export const onboardingTicket = z.object({
  enrolmentId: z.string(),
  agentName: z.string(),
  fileName: z.string(),
  fileText: z.string(),
  /** One command to paste on the server; the file goes in by standard input, never as an argument. */
  command: z.string(),
  notAfter: z.date(),
  /** For the side-by-side check: the agent prints the same. */
  fileKeyFingerprint: z.string(),
  caSha256: z.string(),
});

export const enrolment = z.object({
  id: z.string(),
  agentName: z.string(),
  site: siteRef,
  state: z.enum(["waiting", "read", "used", "expired", "revoked"]),
  createdAt: z.date(),
  notAfter: z.date(),
  fileReadAt: z.date().nullable(),
  usedAt: z.date().nullable(),
  lastRefusal: z.string().nullable(),
});
export const enrolmentList = z.object({ items: z.array(enrolment), asOf: z.date() });
export const enrolmentInput = customerInput.extend({ enrolmentId: z.string().min(8).max(64) });

export const setFirewallNamesInput = objectInput.extend({ names: z.array(hostText).max(20) });
export const firewallNames = z.object({ id: uuid, names: z.array(z.string()) });
export const revokedAgent = z.object({ id: uuid, state: z.literal("revoked") });

export const unknownSenderList = z.object({
  items: z.array(
    unknownSender.omit({ lastAt: true, sample: true }).extend({
      agent: z.object({ id: uuid, name: z.string() }),
      site: siteRef,
      lastAt: z.date(),
      /** Null without the right to see raw lines. */
      sample: z.string().nullable(),
    }),
  ),
  asOf: z.date(),
});
