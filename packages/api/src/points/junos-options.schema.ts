import { z } from "zod";
import { hostText, ipText } from "../input-fields.ts";

const word = z.string().regex(/^[A-Za-z0-9_.-]{1,63}$/, "letters, digits, dot, hyphen and underscore");
const interfaceName = z.string().regex(/^[a-z0-9/.:-]{1,63}$/, "an interface such as ge-0/0/1.0");
const minutes = z
  .number()
  .int()
  .min(0)
  .max(1440)
  .refine((value) => value === 0 || value >= 10, "0 or 10 to 1440 minutes");

const path = z.strictObject({
  source: ipText.nullable().default(null),
  interface: interfaceName.nullable().default(null),
  routingInstance: word.nullable().default(null),
});

/**
 * Choices for the Junos lines, kept with the enforcement point (`enforcement_point.junos`).
 * The shape is `JunosOptions` of `@rollcall/junos`.
 */
export const junosOptions = z
  .strictObject({
    logicalSystem: word.nullable().default(null),
    path: path.prefault({}),
    caProfile: z
      .string()
      .regex(/^[A-Z0-9_-]{1,32}$/, "capital letters, digits, hyphen and underscore")
      .default("ROLLCALL"),
    /** Off only where the firewall cannot check certificates: it then believes any server. */
    checkCertificate: z.boolean().default(true),
    certificateStyle: z.enum(["ca-profile", "ca-certificate"]).default("ca-profile"),
    /** Names the firewall's DNS lacks. */
    staticHosts: z
      .array(z.strictObject({ name: hostText, address: ipText }))
      .max(4)
      .default([]),
    itemsPerBatch: z.number().int().min(100).max(1000).default(500),
    queryIntervalSeconds: z.number().int().min(1).max(60).default(5),
    authenticationEntryTimeoutMinutes: minutes.default(120),
    invalidAuthenticationEntryTimeoutMinutes: minutes.default(10),
    ipQuery: z.boolean().default(true),
    ipQueryDelaySeconds: z.number().int().min(0).max(60).default(15),
    addressBook: word.default("global"),
    policy: z
      .strictObject({
        fromZone: word,
        toZone: word,
        name: word.default("rollcall-example"),
        domain: z.string().max(255),
        group: z.string().max(256),
        captivePortal: z.boolean().default(false),
      })
      .nullable()
      .default(null),
    deviceIdentity: z
      .strictObject({ profile: word, domain: z.string().max(255), values: z.array(word).max(20).default([]) })
      .nullable()
      .default(null),
    traceFile: word.default("rollcall-trace"),
  })
  .prefault({});
export type JunosOptionsInput = z.input<typeof junosOptions>;
