import { CHOSEN_SECRET_CHARACTERS_MAX, CHOSEN_SECRET_CHARACTERS_MIN } from "@rollcall/pki";
import { z } from "zod";
import { health } from "../chain.schema.ts";
import { customerInput, displayName, ipRangeText, objectInput, uuid } from "../input-fields.ts";
import { versionText } from "../meanwhile.ts";
import { junosOptions } from "./junos-options.schema.ts";

/** A built-in profile, or the id of one of the customer's own. */
const profileId = z.string().trim().min(1).max(64);
export const whenSourcesDark = z.enum(["hold", "shorten", "drop"]);
export const darkMinutes = z.number().int().min(1).max(1440);
const reannounceMinutes = z.number().int().min(0).max(1440);

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
  profile: profileId.default("json-superset"),
  /** Addresses for which it may report logons of its own; empty: none. */
  mayReport: z.array(ipRangeText).max(200).default([]),
  /** As the customer's settings say where absent. */
  whenSourcesDark: whenSourcesDark.optional(),
  darkMinutes: darkMinutes.optional(),
  /** 0: never. */
  reannounceMinutes: reannounceMinutes.default(0),
  enabled: z.boolean().default(true),
});

/** Whether it is good enough is judged with the firewall's name at hand (`judgeChosenSecret`). */
const chosenSecret = z
  .string()
  .min(CHOSEN_SECRET_CHARACTERS_MIN, `at least ${CHOSEN_SECRET_CHARACTERS_MIN} characters`)
  .max(CHOSEN_SECRET_CHARACTERS_MAX, `at most ${CHOSEN_SECRET_CHARACTERS_MAX} characters`);

export const addPointInput = customerInput.extend({
  ...pointFields.shape,
  junos: junosOptions,
  /** The first client secret, where a person chooses it, e.g. one that the firewall has already; made by us where absent. */
  chosen: chosenSecret.optional(),
});
export const updatePointInput = objectInput.extend({
  /** Whatever is there is changed where absent. */
  version: versionText.optional(),
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
    profile: profileId.optional(),
    mayReport: z.array(ipRangeText).max(200).optional(),
    whenSourcesDark: whenSourcesDark.optional(),
    darkMinutes: darkMinutes.optional(),
    reannounceMinutes: reannounceMinutes.optional(),
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
  mayReport: z.array(z.string()),
  whenSourcesDark,
  darkMinutes: z.number().int(),
  reannounceMinutes: z.number().int(),
  /** It tries profiles until then; null: it does not, or not any more. */
  learnUntil: z.date().nullable(),
  /** Its Web API is posted to, by whom; null: it asks. */
  pushedFrom: z.enum(["agent", "cloud"]).nullable(),
  enabled: z.boolean(),
  health,
  lastTokenAt: z.date().nullable(),
  lastBatchAt: z.date().nullable(),
  lastIpQueryAt: z.date().nullable(),
  entriesSent: z.number().int(),
  refused: z.number().int(),
  createdAt: z.date(),
  version: versionText,
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
  /** What it spoke when it last got a token: `TLSv1.2 AES128-SHA fw.example`; null: nobody noted it. */
  tls: z.string().nullable(),
  /** When a token last went to an address that it had never asked from. */
  newSource: z.object({ at: z.date(), address: z.string() }).nullable(),
  /** Live addresses that it is not told of, because its profile says that it cannot hold them. */
  entriesBeyondLimit: z.number().int(),
  updatedAt: z.date(),
  /** Newest first; empty without the right to see people. */
  told: z.array(told),
});
/** Where the learning of one agent, or of the cloud, has come to. */
export const learnView = z.object({
  agent: z.string(),
  profile: z.string(),
  state: z.enum(["trying", "understood", "exhausted"]),
  since: z.date(),
  tried: z.array(z.string()),
});

const PEM_MAX = 32_768;
/** The root of a Web API: a path, a query or a password in it would be sent to the wrong place or be shown. */
const pushUrl = z
  .url()
  .max(500)
  .refine((text) => {
    const url = URL.canParse(text) ? new URL(text) : null;
    return (
      url !== null &&
      (url.protocol === "https:" || url.protocol === "http:") &&
      url.username === "" &&
      url.password === "" &&
      url.pathname === "/" &&
      url.search === "" &&
      url.hash === ""
    );
  }, "scheme, host and port alone, e.g. https://192.0.2.1:8443");
export const pushFields = z.strictObject({
  url: pushUrl,
  user: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, "letters, digits, dot, hyphen and underscore"),
  caPem: z
    .string()
    .trim()
    .max(PEM_MAX)
    .refine((text) => text.includes("-----BEGIN CERTIFICATE-----"), "a certificate in PEM")
    .nullable()
    .default(null),
  maxPostsPerSecond: z.number().int().min(1).max(100).default(10),
});
/**
 * With null the firewall asks again. The password is sealed to the agents of the firewall's site; with `from: "cloud"`, an
 * explicit choice, it is encrypted for the cloud instead, which can then read it.
 */
export const setPushInput = objectInput.extend({
  /** Null where it was not posted to. Whatever is there is changed where absent. */
  version: versionText.nullable().optional(),
  push: pushFields
    .extend({
      from: z.enum(["agent", "cloud"]).default("agent"),
      /** The stored one where absent. */
      password: z.string().min(1).max(256).optional(),
    })
    .nullable(),
});
export const pushView = pushFields.extend({
  from: z.enum(["agent", "cloud"]),
  passwordSetAt: z.date().nullable(),
  version: versionText,
  /** Agents of the site that were enrolled since: they cannot open the password until it is typed again. */
  agentsWithoutPassword: z.array(z.string()),
  /** What each of those who post says. */
  states: z.array(
    z.object({
      responder: z.string(),
      name: z.string(),
      heardAt: z.date(),
      state: z.enum(["ok", "waiting", "refused", "broken", "resyncing"]),
      sentence: z.string(),
      lastPostAt: z.date().nullable(),
      lastOkAt: z.date().nullable(),
      posts: z.number().int(),
      entries: z.number().int(),
      failures: z.number().int(),
      pending: z.number().int(),
      refusedPosts: z.array(z.object({ at: z.date(), status: z.number().int(), sentence: z.string() })),
    }),
  ),
});

/** 0 hours: learning ends now. */
export const learnInput = objectInput.extend({ hours: z.number().int().min(0).max(24) });

export const pointDetail = pointRow.extend({
  junos: junosOptions,
  /** The name of the profile it is answered by. */
  profileName: z.string(),
  learning: z.array(learnView),
  push: pushView.nullable(),
  /** Sources that some agent cannot hear, whose people are kept, shortened or dropped as `whenSourcesDark` says. */
  darkSources: z.array(z.object({ name: z.string(), since: z.date(), agent: z.string() })),
  secrets: z.array(
    z.object({
      id: uuid,
      /** `chosen`: by a person, kept with a slow hash. */
      origin: z.enum(["made", "chosen"]),
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

/** `clientSecret` is shown once: only its verifier is stored. Null for a chosen one: whoever chose it has it. */
export const addedPoint = z.object({
  id: uuid,
  name: z.string(),
  clientId: z.string(),
  clientSecret: z.string().nullable(),
});

export const rotateSecretInput = objectInput.extend({
  /** The old secret goes on working that long, so that the firewall can be changed in peace; 0: it ends now. */
  overlapHours: z.number().int().min(0).max(168).default(24),
  /** The secret itself, where a person chooses it, e.g. one that the firewall has already; made by us where absent. */
  chosen: chosenSecret.optional(),
});
export const rotatedSecret = z.object({
  secretId: uuid,
  clientId: z.string(),
  /** Null for a chosen one: whoever chose it has it. */
  clientSecret: z.string().nullable(),
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
