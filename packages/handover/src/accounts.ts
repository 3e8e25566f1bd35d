import type { HandoverInput } from "./handover-input.ts";

/** An account as Active Directory makes it. */
export interface HandoverAccount {
  /** At most 20 characters. */
  readonly samAccountName: string;
  /** Null where the configured name is not a UPN: the domain's own is taken. */
  readonly upn: string | null;
  readonly reads: boolean;
  readonly probes: boolean;
}

export interface AccountsToMake {
  readonly accounts: readonly HandoverAccount[];
  /** Configured names that cannot be made into an account: distinguished names, names that are too long. */
  readonly leftOut: readonly string[];
}

/** Characters that Windows takes in no logon name. */
const NOT_IN_NAMES = /["/\\[\]:;|=,+*?<>@]/;

/** The accounts that what is configured logs in as, each once, with what each is for. */
export function accountsOf(input: HandoverInput): AccountsToMake {
  const accounts = new Map<string, HandoverAccount>();
  const leftOut = new Set<string>();
  const add = (name: string, use: { readonly reads?: boolean; readonly probes?: boolean }) => {
    const parsed = readAccountName(name);
    if (parsed === null) {
      leftOut.add(name);
      return;
    }
    const key = parsed.samAccountName.toLowerCase();
    const before = accounts.get(key);
    accounts.set(key, {
      samAccountName: before?.samAccountName ?? parsed.samAccountName,
      upn: before?.upn ?? parsed.upn,
      reads: before?.reads === true || use.reads === true,
      probes: before?.probes === true || use.probes === true,
    });
  };
  for (const { account } of input.directories) add(account, {});
  for (const { account } of input.eventSources) add(account, { reads: true });
  for (const account of input.probe?.accounts ?? []) add(account, { probes: true });
  return { accounts: [...accounts.values()], leftOut: [...leftOut] };
}

function readAccountName(name: string): Pick<HandoverAccount, "samAccountName" | "upn"> | null {
  const at = name.lastIndexOf("@");
  const slash = name.indexOf("\\");
  const samAccountName = at > 0 ? name.slice(0, at) : slash > 0 ? name.slice(slash + 1) : name;
  const isName =
    samAccountName.trim() === samAccountName &&
    samAccountName.length >= 1 &&
    samAccountName.length <= 20 &&
    !NOT_IN_NAMES.test(samAccountName) &&
    !/\p{Cc}/u.test(name);
  return isName ? { samAccountName, upn: at > 0 ? name : null } : null;
}
