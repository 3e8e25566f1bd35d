import { z } from "zod";
import { cursor, customerInput, ipText, limit, slug, uuid } from "../input-fields.ts";
import { hostMarkView, markView } from "../marks/marks.schema.ts";

export const sessionSearchInput = customerInput.extend({
  /** An address, the head of one ("10.20."), or part of a user, UPN, display name, device or group. */
  q: z.string().trim().max(200).default(""),
  ip: z.string().trim().max(45).optional(),
  user: z.string().trim().max(200).optional(),
  group: z.string().trim().max(256).optional(),
  /** False: addresses where somebody was known and is no more are listed too. */
  liveOnly: z.boolean().default(true),
  limit,
  cursor,
});

const person = z.object({
  principalKey: z.string(),
  name: z.string(),
  domain: z.string(),
  displayName: z.string().nullable(),
  upn: z.string().nullable(),
  groups: z.array(z.string()),
});

export const sessionRow = z.object({
  ip: z.string(),
  addressSpace: z.object({ id: z.string(), name: z.string() }),
  isLive: z.boolean(),
  user: person.nullable(),
  device: z.object({ name: z.string(), domain: z.string(), os: z.string().nullable() }).nullable(),
  /** Why nobody is known: ended, expired, contested, disabled, suppressed, source-dark, never-seen. */
  unknownBecause: z.string().nullable(),
  /** Whom the address was last served with, where nobody is known now. */
  lastUser: z.object({ name: z.string(), domain: z.string() }).nullable(),
  source: z.object({ id: z.string(), name: z.string(), label: z.string() }).nullable(),
  rule: z.string().nullable(),
  evidence: z.enum(["A", "B", "C", "D"]).nullable(),
  since: z.date().nullable(),
  lastSeenAt: z.date().nullable(),
  expiresAt: z.date().nullable(),
  changedAt: z.date(),
  revision: z.number().int(),
});
export type SessionRow = z.infer<typeof sessionRow>;

/** Newest first. `total` is exact up to 10,000, `isTotalExact` says whether it is. */
export const sessionPage = z.object({
  items: z.array(sessionRow),
  next: z.string().nullable(),
  total: z.number().int(),
  isTotalExact: z.boolean(),
  asOf: z.date(),
});

export const sessionInput = customerInput.extend({
  ip: ipText,
  /** The customer's default where absent. */
  addressSpaceId: uuid.optional(),
  historyCursor: cursor,
});

export const sessionDetail = z.object({
  /** Null where no source has ever spoken of the address. */
  session: sessionRow.nullable(),
  ip: z.string(),
  addressSpace: z.object({ id: z.string(), name: z.string() }),
  /** Why the answer is what it is, in words, in the order of the rules. */
  explain: z.array(z.object({ rule: z.string(), sentence: z.string() })),
  /** When time alone changes the answer. */
  nextChangeAt: z.date().nullable(),
  /** What sources said, newest first. */
  history: z.array(
    z.object({
      at: z.date(),
      receivedAt: z.date(),
      verb: z.enum(["start", "refresh", "end"]),
      kind: z.enum(["user", "device"]),
      evidence: z.enum(["A", "B", "C", "D"]),
      user: z.string().nullable(),
      domain: z.string().nullable(),
      source: z.object({ id: z.string(), name: z.string() }),
      agent: z.string().nullable(),
      rule: z.string(),
    }),
  ),
  historyNext: z.string().nullable(),
  /** Which firewall was told what about this address, by whom, newest first. */
  told: z.array(
    z.object({
      at: z.date(),
      firewall: z.object({ id: z.string(), name: z.string() }),
      responder: z.string(),
      user: z.string().nullable(),
      domain: z.string().nullable(),
      groups: z.array(z.string()),
      how: z.enum(["batch", "ip-query"]),
    }),
  ),
  asOf: z.date(),
});

export const explainInput = sessionInput.omit({ historyCursor: true });
/** What became of everything that was said of one address, in stable words. */
export const explanation = z.object({
  ip: z.string(),
  addressSpace: z.object({ id: z.string(), name: z.string() }),
  /** One sentence: who is there and by what, or why nobody is known. */
  answer: z.string(),
  lines: z.array(
    z.object({
      /** `kept-from`: a firewall that is not told; `notice`: what would be otherwise. */
      kind: z.enum([
        "accepted",
        "refused",
        "voided",
        "expired",
        "suppressed",
        "end",
        "decision",
        "notice",
        "kept-from",
      ]),
      of: z.enum(["user", "device"]),
      at: z.date().nullable(),
      rule: z.string(),
      /** The number of the session law that decided. */
      law: z.string(),
      sentence: z.string(),
      source: z.string().nullable(),
      principal: z.string().nullable(),
    }),
  ),
  nextChangeAt: z.date().nullable(),
  /** Marks that the address falls under. */
  marks: z.array(markView),
  /** The mark of the computer that is there; null where it has none. */
  hostMark: hostMarkView.nullable(),
  asOf: z.date(),
});

/** Addresses known in more than one space of one firewall: it is told of neither. */
export const overlapList = z.object({
  items: z.array(
    z.object({
      ip: z.string(),
      addressSpaces: z.array(z.object({ id: uuid, name: z.string() })),
      firewalls: z.array(z.object({ id: uuid, name: z.string() })),
    }),
  ),
  isComplete: z.boolean(),
  asOf: z.date(),
});

export const fleetSearchInput = z.strictObject({
  q: z.string().trim().min(1).max(200),
  limitPerCustomer: z.number().int().min(1).max(20).default(5),
});
/** One group of hits per customer: overlapping addresses of different customers are different people. */
export const fleetSearchResult = z.object({
  hits: z.array(
    z.object({
      customer: z.object({ slug, name: z.string(), hue: z.number().int() }),
      items: z.array(sessionRow),
      hasMore: z.boolean(),
    }),
  ),
  failed: z.array(z.object({ slug, name: z.string() })),
  searched: z.number().int(),
  asOf: z.date(),
});
