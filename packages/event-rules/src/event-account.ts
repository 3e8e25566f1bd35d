import type { PrincipalName } from "@rollcall/identity-core";
import type { AccountFields } from "./event-rule.ts";
import type { WindowsEvent } from "./windows-event.ts";

/** The most that the stream to the cloud takes of each; longer ones are no names of Windows. */
const MAX_NAME = 256;
const MAX_DOMAIN = 255;
const MAX_UPN = 320;
const MAX_SID = 184;

export type EventAccount =
  | { readonly kind: "account"; readonly name: PrincipalName & { readonly name: string } }
  | { readonly kind: "none"; readonly reason: "no-name" | "name-too-long" | "name-without-realm" };

/**
 * Whom an event speaks of, as it writes them.
 *
 * Shape:  `user@REALM` (4769, 4770) is parted at the last `@`. A name with `@` elsewhere (4768, typed as a UPN) stays a UPN
 *         too. `DOMAIN\user` (4776) is parted at the backslash.
 * Source: windows-events 5, "User" (captured).
 */
export function readEventAccount(event: WindowsEvent, fields: AccountFields): EventAccount {
  const written = (event.data(fields.name) ?? "").trim();
  if (written === "" || written === "-") return { kind: "none", reason: "no-name" };
  const sid = fields.sid === undefined ? null : sidIn(event.data(fields.sid));
  const domain = fields.domain === undefined ? "" : textIn(event.data(fields.domain));
  const at = written.lastIndexOf("@");
  if (fields.isAtRealm === true) {
    if (at <= 0 || at === written.length - 1) return { kind: "none", reason: "name-without-realm" };
    return account(sid, written.slice(0, at), written.slice(at + 1), null);
  }
  if (at > 0 && at < written.length - 1) return account(sid, written.slice(0, at), domain, written);
  const slash = written.indexOf("\\");
  if (slash > 0 && slash < written.length - 1)
    return account(sid, written.slice(slash + 1), written.slice(0, slash), null);
  return account(sid, written, domain, null);
}

function account(sid: string | null, written: string, domain: string, upn: string | null): EventAccount {
  const name = textIn(written);
  if (name === "") return { kind: "none", reason: "no-name" };
  if (name.length > MAX_NAME || domain.length > MAX_DOMAIN || (upn?.length ?? 0) > MAX_UPN)
    return { kind: "none", reason: "name-too-long" };
  return {
    kind: "account",
    name: {
      ...(sid === null ? {} : { sid }),
      name,
      // What somebody typed before the `@` of a UPN is often not the account's name: then the domain would lie.
      ...(domain === "" || upn !== null ? {} : { domain }),
      ...(upn === null ? {} : { upn }),
    },
  };
}

function textIn(text: string | null): string {
  const trimmed = (text ?? "").trim();
  return trimmed === "-" ? "" : trimmed;
}

function sidIn(text: string | null): string | null {
  const sid = textIn(text);
  return sid.length <= MAX_SID && /^S-1-\d+(-\d+)+$/.test(sid) ? sid : null;
}
