import { parseIp, parseIpRange } from "@rollcall/identity-core";
import { z } from "zod";

/** Fields that several inputs carry, each bounded. What is not declared here or beside a procedure does not come in. */

/** Every procedure of a tenant names its customer by the slug of the page's path. */
export const slug = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, "lower case letters, digits and single hyphens");
export const customerInput = z.strictObject({ customer: slug });

export const uuid = z.uuid();
export const objectInput = customerInput.extend({ id: uuid });

/** A name people read: one line, no control characters, no white space at its ends. */
export const displayName = z
  .string()
  .trim()
  .min(1, "write a name")
  .max(100, "at most 100 characters")
  .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u, "one line, without control characters");

export const ipText = z
  .string()
  .trim()
  .max(100)
  .refine((text) => parseIp(text) !== null, "an IPv4 or IPv6 address, e.g. 10.20.31.77");

/** An address, a CIDR prefix or a range `a-b`. */
export const ipRangeText = z
  .string()
  .trim()
  .max(100)
  .refine((text) => parseIpRange(text) !== null, "an address, a prefix such as 10.20.0.0/16, or a range a-b");

/** A DNS name or an address, as one types it into a firewall. */
export const hostText = z
  .string()
  .trim()
  .min(1)
  .max(253)
  .refine(
    (text) =>
      parseIp(text) !== null ||
      /^(?=.{1,253}$)(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*$/.test(text),
    "a DNS name or an address",
  );

export const timeZone = z
  .string()
  .max(64)
  .refine((name) => {
    try {
      new Intl.DateTimeFormat("en", { timeZone: name });
      return true;
    } catch {
      return false;
    }
  }, "an IANA time zone such as Europe/London");

/** Lists are paged by cursor; a cursor is opaque and short. */
export const cursor = z.string().max(400).nullish();
export const limit = z.number().int().min(1).max(200).default(50);
