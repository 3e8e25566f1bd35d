import { isTooWideToAsk } from "@rollcall/identity-core";
import { z } from "zod";
import { health } from "../chain.schema.ts";
import { customerInput, ipRangeText, uuid } from "../input-fields.ts";
import { versionText } from "../meanwhile.ts";

const method = z.enum(["wmi", "winrm"]);
const once = (list: readonly string[]) => new Set(list).size === list.length;

/** What a form sends. Bounds are those of `pcProbeConfig` of the agent protocol. */
export const setProbeInput = customerInput.extend({
  siteId: uuid,
  /** Null where there was none. Whatever is there is changed where absent. */
  version: versionText.nullable().optional(),
  enabled: z.boolean(),
  /** The customer's default where absent. */
  addressSpaceId: uuid.optional(),
  /** Tried in this order. */
  credentialIds: z.array(uuid).max(20).refine(once, "one of them is there twice").default([]),
  include: z
    .array(
      ipRangeText.refine(
        (range) => !isTooWideToAsk(range),
        "wider than a /8 (IPv6: a /16): name the ranges of your workstations",
      ),
    )
    .max(200)
    .default([]),
  exclude: z.array(ipRangeText).max(200).default([]),
  allowPublic: z.boolean().default(false),
  methods: z
    .array(method)
    .min(1, "at least one way to ask")
    .max(2)
    .refine(once, "one of them is there twice")
    .default(["wmi", "winrm"]),
  verifyAtExpiry: z.boolean().default(true),
  onUnknownAddress: z.boolean().default(true),
  /** The present one where absent; at first true. */
  onEventWithoutUser: z.boolean().optional(),
  holdIfAlive: z.boolean().default(false),
  workers: z.number().int().min(1).max(64).default(20),
  /** The present one where absent; at first 480. */
  lifetimeMinutes: z.number().int().min(1).max(1440).optional(),
});

export const probeView = z.object({
  site: z.object({ id: uuid, name: z.string() }),
  addressSpace: z.object({ id: uuid, name: z.string() }),
  enabled: z.boolean(),
  /** In the order in which they are tried. */
  credentials: z.array(z.object({ id: uuid, name: z.string(), user: z.string() })),
  include: z.array(z.string()),
  exclude: z.array(z.string()),
  allowPublic: z.boolean(),
  methods: z.array(method),
  verifyAtExpiry: z.boolean(),
  onUnknownAddress: z.boolean(),
  onEventWithoutUser: z.boolean(),
  holdIfAlive: z.boolean(),
  workers: z.number().int(),
  lifetimeMinutes: z.number().int(),
  health,
  lastActivityAt: z.date().nullable(),
  counters: z.record(z.string(), z.number()),
  version: versionText,
});
export type ProbeView = z.infer<typeof probeView>;
/** Sites that have one; the others' is off. */
export const probeList = z.object({ items: z.array(probeView), asOf: z.date() });
export const probeMethod = method;
