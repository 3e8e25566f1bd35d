import { parseDnPath } from "@rollcall/identity-core";
import { z } from "zod";
import { cidr, id } from "./config-fields.ts";

const markMode = z
  .enum(["suppress", "pseudo-user", "last-interactive"])
  .default("suppress")
  .describe(
    "Nobody is named (the device still is); one fixed user is; or whoever logged on interactively last.",
  );
const pseudoUser = z
  .strictObject({
    domain: z.string().max(255).describe("The domain that firewalls are told."),
    name: z.string().min(1).max(64).describe("The user that firewalls are told."),
    groups: z
      .array(z.string().min(1).max(64))
      .max(20)
      .default([])
      .describe("The roles that firewalls are told."),
  })
  .optional()
  .describe("With `pseudo-user`: who is named there, and in which groups.");

/** An address at which more than one person sits: a terminal server, a translated network. */
export const addressMark = z.strictObject({
  id,
  addressSpaceId: z.string().min(1).max(64).describe("The address space the addresses are of."),
  range: cidr,
  mark: z.enum(["multi-user", "nat"]).describe("What stands behind the address."),
  mode: markMode,
  pseudoUser,
});
export type AddressMark = z.infer<typeof addressMark>;

/** Computers at which more than one person sits, by where their accounts stand in the directory. */
export const hostMark = z.strictObject({
  id,
  under: z
    .string()
    .min(1)
    .max(1024)
    .refine(
      (text) => parseDnPath(text) !== null,
      "a distinguished name, as `OU=Session hosts,DC=corp,DC=example`",
    )
    .describe(
      "Computer accounts at or under this distinguished name: an OU, a container, a domain, or one computer.",
    ),
  remoteDesktopOnly: z
    .boolean()
    .default(false)
    .describe(
      "Of those only the ones with a Remote Desktop service name (TERMSRV). Nearly every Windows computer that takes remote desktop connections has one.",
    ),
  mode: markMode,
  pseudoUser,
});
export type HostMark = z.infer<typeof hostMark>;
