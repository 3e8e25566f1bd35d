import { type DnPath, isUnder, parseDnPath } from "./dn-place.ts";
import type { IpAddress } from "./ip-address.ts";
import { createIpSet } from "./ip-range.ts";
import type { Observation, PrincipalFacts } from "./observation.ts";

export type MarkMode = "suppress" | "pseudo-user" | "last-interactive";

/** What stands behind an address, and what is done about it. */
export interface Mark {
  readonly mark: "multi-user" | "nat";
  /** Under which name it keeps back and ends, for explain: `mark:multi-user`, `mark:nat`; `mark:host` of a computer's. */
  readonly rule: string;
  readonly mode: MarkMode;
  /** With `pseudo-user`: whom firewalls are told in place of anybody. `asOf` is given when it is used. */
  readonly pseudoUser: PrincipalFacts | null;
}

export interface PseudoUser {
  readonly domain: string;
  readonly name: string;
  readonly groups: readonly string[];
}

/** A mark of addresses, as the configuration has it. */
export interface AddressMarkRule {
  readonly addressSpaceId: string;
  readonly range: string;
  readonly mark: "multi-user" | "nat";
  readonly mode: MarkMode;
  readonly pseudoUser?: PseudoUser | undefined;
}

/** A mark of computers by where their accounts stand in the directory, as the configuration has it. */
export interface HostMarkRule {
  readonly id: string;
  /** A distinguished name: an OU, a container, a domain, or one computer. */
  readonly under: string;
  /** Of those only the ones that have a Remote Desktop service name (TERMSRV). */
  readonly remoteDesktopOnly: boolean;
  readonly mode: MarkMode;
  readonly pseudoUser?: PseudoUser | undefined;
}

/** What a directory says of a computer account, as far as marks ask. */
export interface HostAccount {
  readonly dn: string;
  readonly hasRemoteDesktopName: boolean;
}

export interface MarkRules {
  /**
   * The mark of an address: the first of the configuration that covers it, else that of the computer that is there.
   * `hostMarkId`: by which rule for computers that one is a shared host, null where by none.
   */
  markOf(addressSpaceId: string, ip: IpAddress, hostMarkId: string | null): Mark | null;
  /** The mark of a rule for computers; null where there is none of that id. */
  hostMark(id: string): Mark | null;
  /** Of which rule a computer is, by its account; the first that fits counts. */
  hostMarkIdOf(account: HostAccount): string | null;
  /** All fixed users, as facts. */
  readonly pseudoUsers: readonly PrincipalFacts[];
  readonly isEmpty: boolean;
  /** Whether computers are marked by their accounts at all. */
  readonly hasHostMarks: boolean;
}

/** Whose facts pseudo users are: no directory's. The gateway takes them only as the customer's marks have them. */
export const MARK_DIRECTORY = "mark";

/**
 * Compiles the marks of a configuration: the agent and the cloud ask the same code.
 * Shape: the first that covers an address counts, a translated network is always suppressed: nobody there is one person.
 */
export function compileMarks(
  addressMarks: readonly AddressMarkRule[],
  hostMarks: readonly HostMarkRule[] = [],
): MarkRules {
  const ranges = addressMarks.map((rule) => ({
    addressSpaceId: rule.addressSpaceId,
    range: createIpSet([rule.range]),
    mark: markOfRule(rule.mark, `mark:${rule.mark}`, rule),
  }));
  const hosts = hostMarks.flatMap((rule) => {
    const place = parseDnPath(rule.under);
    return place === null ? [] : [{ rule, place, mark: markOfRule("multi-user", "mark:host", rule) }];
  });
  const marksOfHosts = new Map(hosts.map(({ rule, mark }) => [rule.id, mark]));
  const pseudoUsers = new Map(
    [...ranges, ...hosts].flatMap(({ mark }) =>
      mark.pseudoUser ? [[mark.pseudoUser.key, mark.pseudoUser] as const] : [],
    ),
  );
  const hostMark = (id: string): Mark | null => marksOfHosts.get(id) ?? null;
  return {
    isEmpty: ranges.length === 0 && hosts.length === 0,
    hasHostMarks: hosts.length > 0,
    pseudoUsers: [...pseudoUsers.values()],
    hostMark,
    markOf: (addressSpaceId, ip, hostMarkId) =>
      ranges.find((one) => one.addressSpaceId === addressSpaceId && one.range.has(ip))?.mark ??
      (hostMarkId === null ? null : hostMark(hostMarkId)),
    hostMarkIdOf: (account) => hostRuleOf(hosts, account),
  };
}

function hostRuleOf(
  hosts: readonly { readonly rule: HostMarkRule; readonly place: DnPath }[],
  { dn, hasRemoteDesktopName }: HostAccount,
): string | null {
  if (hosts.length === 0) return null;
  const path = parseDnPath(dn);
  if (path === null) return null;
  const found = hosts.find(
    ({ rule, place }) => (hasRemoteDesktopName || !rule.remoteDesktopOnly) && isUnder(path, place),
  );
  return found?.rule.id ?? null;
}

/** Whether a mark lets what somebody says of a person stand as it is. */
export function letsStand(mark: Mark, { class: strength }: Pick<Observation, "class">): boolean {
  return mark.mode === "last-interactive" && strength === "A";
}

function markOfRule(
  mark: Mark["mark"],
  rule: string,
  { mode, pseudoUser }: Pick<AddressMarkRule, "mode" | "pseudoUser">,
): Mark {
  if (mark === "nat") return { mark, rule, mode: "suppress", pseudoUser: null };
  if (mode !== "pseudo-user") return { mark, rule, mode, pseudoUser: null };
  // A fixed user that is not named would be nobody: then nobody it is.
  if (pseudoUser === undefined) return { mark, rule, mode: "suppress", pseudoUser: null };
  const spelling = `${pseudoUser.domain}\\${pseudoUser.name}`.toLowerCase();
  return {
    mark,
    rule,
    mode,
    pseudoUser: {
      key: spelling,
      kind: "user",
      directoryId: MARK_DIRECTORY,
      asOf: 0,
      aliases: [spelling],
      domain: pseudoUser.domain.toLowerCase(),
      name: pseudoUser.name,
      groups: pseudoUser.groups,
      enabled: true,
    },
  };
}
