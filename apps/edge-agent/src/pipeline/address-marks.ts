import type { AddressMark } from "@rollcall/agent-protocol";
import { createIpSet, type IpAddress, type PrincipalFacts } from "@rollcall/identity-core";

/** What stands behind an address, and what is done about it. */
export interface Mark {
  readonly mark: "multi-user" | "nat";
  readonly mode: AddressMark["mode"];
  /** With `pseudo-user`: whom firewalls are told in place of anybody. `asOf` is given when it is used. */
  readonly pseudoUser: PrincipalFacts | null;
}

export interface MarkRules {
  /** The first mark of the configuration that covers the address. */
  markOf(addressSpaceId: string, ip: IpAddress): Mark | null;
  /** All fixed users, as facts. */
  readonly pseudoUsers: readonly PrincipalFacts[];
  readonly isEmpty: boolean;
}

/** Whose facts pseudo users are: no directory's. The gateway takes them only as the customer's marks have them. */
export const MARK_DIRECTORY = "mark";

/**
 * Compiles the marks of a configuration.
 * Shape: the first that covers an address counts, a translated network is always suppressed: nobody there is one person.
 */
export function compileMarks(marks: readonly AddressMark[]): MarkRules {
  const compiled = marks.map((mark) => ({
    addressSpaceId: mark.addressSpaceId,
    range: createIpSet([mark.range]),
    mark: markOf(mark),
  }));
  const pseudoUsers = new Map(
    compiled.flatMap(({ mark }) =>
      mark.pseudoUser ? [[mark.pseudoUser.key, mark.pseudoUser] as const] : [],
    ),
  );
  return {
    isEmpty: compiled.length === 0,
    pseudoUsers: [...pseudoUsers.values()],
    markOf: (addressSpaceId, ip) =>
      compiled.find((one) => one.addressSpaceId === addressSpaceId && one.range.has(ip))?.mark ?? null,
  };
}

function markOf({ mark, mode, pseudoUser }: AddressMark): Mark {
  if (mark === "nat") return { mark, mode: "suppress", pseudoUser: null };
  if (mode !== "pseudo-user") return { mark, mode, pseudoUser: null };
  // A fixed user that is not named would be nobody: then nobody it is.
  if (pseudoUser === undefined) return { mark, mode: "suppress", pseudoUser: null };
  const spelling = `${pseudoUser.domain}\\${pseudoUser.name}`.toLowerCase();
  return {
    mark,
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
