import { randomBytes } from "node:crypto";
import type { Database } from "@rollcall/db";
import { slugOf } from "../slug.ts";

const MAX_LENGTH = 64;

/**
 * A client id that no firewall of this installation has: `srx-{customer}-{name}`, letters, digits and hyphens.
 *
 * Client ids are one namespace over all tenants. A taken one gets a random ending, never a number: a number would tell
 * how many others there are.
 */
export async function freeClientId(
  database: Database,
  { customerSlug, name }: { readonly customerSlug: string; readonly name: string },
): Promise<string> {
  const wanted = `srx-${customerSlug.slice(0, 28)}-${slugOf(name, 28, "firewall")}`.replace(/-{2,}/g, "-");
  for (
    let candidate = wanted;
    ;
    candidate = `${wanted.slice(0, MAX_LENGTH - 7)}-${randomBytes(3).toString("hex")}`
  )
    if ((await database.findClient(candidate)) === null) return candidate;
}
