import { X509Certificate } from "node:crypto";
import { z } from "zod";
import { health } from "../chain.schema.ts";
import { eventQueryText, ruleIds } from "../event-sources/event-sources.schema.ts";
import { customerInput, displayName, hostText, uuid } from "../input-fields.ts";
import { versionText } from "../meanwhile.ts";

const pem = z
  .string()
  .trim()
  .min(1)
  .max(65_536)
  .refine((text) => {
    const certificates = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    try {
      for (const certificate of certificates) new X509Certificate(certificate);
      return certificates.length > 0;
    } catch {
      return false;
    }
  }, "PEM of the CA, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----");

/** A computer's name, or `*.corp.example` for a whole domain. */
const computerName = z
  .string()
  .trim()
  .toLowerCase()
  .max(253)
  .regex(/^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/, "a computer's DNS name, or *.corp.example");

const channel = z
  .string()
  .trim()
  .min(1)
  .max(256)
  .regex(/^[^\p{Cc}"<>|]*$/u, "the path of a log, e.g. Security");

/** What a form sends. Bounds are those of `wefReceiverConfig` of the agent protocol. */
export const setForwardingInput = customerInput.extend({
  siteId: uuid,
  /** Null where there was none. Whatever is there is changed where absent. */
  version: versionText.nullable().optional(),
  /** The present one where absent, else the customer's default. */
  addressSpaceId: uuid.optional(),
  /** The present one where absent, else "Event forwarding". */
  name: displayName.optional(),
  host: hostText,
  port: z.number().int().min(1).max(65_535).default(5986),
  clientCaPem: pem,
  allow: z.array(computerName).max(500).default([]),
  channels: z
    .array(channel)
    .min(1, "at least one log")
    .max(20)
    .refine((list) => new Set(list).size === list.length, "one of them is there twice")
    .default(["Security"]),
  query: eventQueryText.nullable().default(null),
  heartbeatSeconds: z.number().int().min(60).max(86_400).default(900),
  readExisting: z.boolean().default(false),
  compress: z.boolean().default(true),
  lifetimeMinutes: z.number().int().min(1).max(1440).default(480),
  rulesOff: ruleIds.default([]),
  rulesOn: ruleIds.default([]),
  enabled: z.boolean().default(true),
});

export const siteOfCustomerInput = customerInput.extend({ siteId: uuid });

export const forwardingView = z.object({
  id: uuid,
  site: z.object({ id: uuid, name: z.string() }),
  addressSpace: z.object({ id: uuid, name: z.string() }),
  name: z.string(),
  host: z.string(),
  port: z.number().int(),
  clientCaPem: z.string(),
  /** SHA-1 of the CAs, in hex: how a computer picks the certificate it shows. */
  issuers: z.array(z.object({ subject: z.string(), sha1: z.string(), expiresAt: z.date() })),
  /** Values of the group policy that lets computers forward: one for each issuer. */
  subscriptionManagers: z.array(z.string()),
  /** Agents of the site whose certificate does not say the host: computers would not trust them. */
  agentsWithoutName: z.array(z.string()),
  allow: z.array(z.string()),
  channels: z.array(z.string()),
  query: z.string().nullable(),
  heartbeatSeconds: z.number().int(),
  readExisting: z.boolean(),
  compress: z.boolean(),
  lifetimeMinutes: z.number().int(),
  rulesOff: z.array(z.string()),
  rulesOn: z.array(z.string()),
  enabled: z.boolean(),
  health,
  lastActivityAt: z.date().nullable(),
  counters: z.record(z.string(), z.number()),
  version: versionText,
});
export type ForwardingView = z.infer<typeof forwardingView>;
export const forwardingList = z.object({
  items: z.array(forwardingView),
  /** The CA that signs the agents' certificates: what computers must trust. */
  serverCaPem: z.string(),
  asOf: z.date(),
});
