import { z } from "zod";
import { health } from "../chain.schema.ts";
import { customerInput, displayName, ipRangeText, objectInput, uuid } from "../input-fields.ts";
import { junosOptions } from "./junos-options.schema.ts";

const domain = z.string().trim().toLowerCase().min(1).max(64);

export const pointFields = z.strictObject({
  name: displayName,
  siteId: uuid.nullable().default(null),
  /** Where it may ask from; empty: anywhere. */
  sourceAddresses: z.array(ipRangeText).max(50).default([]),
  /** Address spaces it is told about; the customer's default where empty. */
  addressSpaceIds: z.array(uuid).max(20).default([]),
  ipv6: z.boolean().default(false),
  tokenTtlSeconds: z.number().int().min(300).max(86_400).default(28_800),
  domains: z.array(domain).max(25).default([]),
  includeIp: z.array(ipRangeText).max(200).default([]),
  excludeIp: z.array(ipRangeText).max(200).default([]),
  enabled: z.boolean().default(true),
});

export const addPointInput = customerInput.extend({ ...pointFields.shape, junos: junosOptions });
export const updatePointInput = objectInput.extend({
  changes: z.strictObject({
    name: displayName.optional(),
    siteId: uuid.nullable().optional(),
    sourceAddresses: z.array(ipRangeText).max(50).optional(),
    addressSpaceIds: z.array(uuid).min(1).max(20).optional(),
    ipv6: z.boolean().optional(),
    tokenTtlSeconds: z.number().int().min(300).max(86_400).optional(),
    domains: z.array(domain).max(25).optional(),
    includeIp: z.array(ipRangeText).max(200).optional(),
    excludeIp: z.array(ipRangeText).max(200).optional(),
    enabled: z.boolean().optional(),
    junos: junosOptions.optional(),
  }),
});

export const pointRow = z.object({
  id: uuid,
  name: z.string(),
  site: z.object({ id: uuid, name: z.string() }).nullable(),
  clientId: z.string(),
  sourceAddresses: z.array(z.string()),
  addressSpaceIds: z.array(z.string()),
  profile: z.string(),
  ipv6: z.boolean(),
  tokenTtlSeconds: z.number().int(),
  domains: z.array(z.string()),
  includeIp: z.array(z.string()),
  excludeIp: z.array(z.string()),
  enabled: z.boolean(),
  health,
  lastTokenAt: z.date().nullable(),
  lastBatchAt: z.date().nullable(),
  lastIpQueryAt: z.date().nullable(),
  entriesSent: z.number().int(),
  refused: z.number().int(),
  createdAt: z.date(),
});
export type PointRow = z.infer<typeof pointRow>;
export const pointList = z.object({ items: z.array(pointRow), asOf: z.date() });

export const told = z.object({
  at: z.date(),
  ip: z.string(),
  user: z.string().nullable(),
  domain: z.string().nullable(),
  groups: z.array(z.string()),
  how: z.enum(["batch", "ip-query"]),
});
export const contact = z.object({
  /** Agent id, or "cloud". */
  responder: z.string(),
  name: z.string(),
  lastTokenAt: z.date().nullable(),
  lastBatchAt: z.date().nullable(),
  lastIpQueryAt: z.date().nullable(),
  tokens: z.number().int(),
  batches: z.number().int(),
  ipQueries: z.number().int(),
  entriesSent: z.number().int(),
  refused: z.number().int(),
  lastRefusal: z.string().nullable(),
  lastSourceAddress: z.string().nullable(),
  updatedAt: z.date(),
  /** Newest first; empty without the right to see people. */
  told: z.array(told),
});
export const pointDetail = pointRow.extend({
  junos: junosOptions,
  secrets: z.array(
    z.object({
      id: uuid,
      createdAt: z.date(),
      /** End of its overlap after a rotation; null: it is the present one. */
      expiresAt: z.date().nullable(),
      revokedAt: z.date().nullable(),
      state: z.enum(["current", "overlapping", "expired", "revoked"]),
    }),
  ),
  /** Each agent, and the cloud, that this firewall has asked. */
  contacts: z.array(contact),
  asOf: z.date(),
});

/** `clientSecret` is shown once: only its verifier is stored. */
export const addedPoint = z.object({
  id: uuid,
  name: z.string(),
  clientId: z.string(),
  clientSecret: z.string(),
});

export const rotateSecretInput = objectInput.extend({
  /** The old secret goes on working that long, so that the firewall can be changed in peace; 0: it ends now. */
  overlapHours: z.number().int().min(0).max(168).default(24),
});
export const rotatedSecret = z.object({
  secretId: uuid,
  clientId: z.string(),
  clientSecret: z.string(),
  oldValidUntil: z.date().nullable(),
});
export const revokeSecretInput = objectInput.extend({ secretId: uuid });

const junosServer = z.object({
  label: z.string(),
  address: z.string(),
  port: z.number().int(),
  clientId: z.string(),
  /** The profile of the CA that signs what it shows to firewalls; one of `cas`. */
  caProfile: z.string(),
});
/**
 * What the Junos lines are made of. The page makes them with `@rollcall/junos` in the browser, because only the
 * browser that created or rotated a secret ever holds it; here the secret is masked.
 */
export const junosInput = objectInput.extend({ view: z.enum(["set", "curly", "delete"]).default("set") });
export const junosResult = z.object({
  servers: z.object({ primary: junosServer, secondary: junosServer.nullable() }).nullable(),
  /** All places that answer this firewall, to choose primary and secondary from. */
  candidates: z.array(junosServer),
  filter: z.object({
    domains: z.array(z.string()),
    includeIp: z.array(z.string()),
    excludeIp: z.array(z.string()),
  }),
  options: junosOptions,
  /** The customer's own CA: it signs the agents. */
  ca: z.object({ pem: z.string(), sha256: z.string(), fileName: z.string() }),
  /** Each CA that signs a candidate, with the labels of those it signs; a firewall trusts those of its servers. */
  cas: z.array(
    z.object({
      profile: z.string(),
      pem: z.string(),
      sha256: z.string(),
      fileName: z.string(),
      servers: z.array(z.string()),
    }),
  ),
  blocks: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      kind: z.enum(["operational", "configuration", "commit"]),
      lines: z.array(z.string()),
      copied: z.boolean(),
      warning: z.string().nullable(),
    }),
  ),
  problems: z.array(
    z.object({ severity: z.enum(["refused", "warning"]), field: z.string(), sentence: z.string() }),
  ),
});
/** Copying is audited: who, for which firewall, with the secret or without. */
export const junosCopiedInput = objectInput.extend({
  lines: z.number().int().min(1).max(1000),
  withSecret: z.boolean(),
});
export const recorded = z.object({ recorded: z.literal(true) });
