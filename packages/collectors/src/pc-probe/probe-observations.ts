import type { IpAddress, Observation } from "@rollcall/identity-core";
import { type EmptySeat, isAnswered, type Probed } from "./probe-answer.ts";

/** What firewalls are shown as the source. */
const LABEL = "Rollcall PC probe";
/** The id of the one probe of a site, as a source. */
export const PROBE_SOURCE_ID = "pc-probe";

const EMPTY_RULES: Readonly<Record<EmptySeat, string>> = {
  nobody: "probe:nobody",
  "local-account": "probe:local-account",
  several: "probe:several",
};

export interface ProbePlace {
  readonly addressSpaceId: string;
  readonly lifetimeMs: number;
}

/**
 * What follows from an answer: somebody sits there, or nobody does; and which computer it is.
 *
 * Shape:  class A, at the time when the question was sent: what is said of the address meanwhile is newer. No answer says
 *         nothing: nothing follows from it here.
 * Source: semantics 1 ("Derived observations") and 6.
 */
export function observationsOf(
  { ip, askedAt, receivedAt, answer }: Extract<Probed, { kind: "asked" }>,
  { addressSpaceId, lifetimeMs }: ProbePlace,
): Observation[] {
  if (!isAnswered(answer)) return [];
  const common = {
    sourceId: PROBE_SOURCE_ID,
    family: "probe",
    addressSpaceId,
    ip,
    class: "A",
    effectiveAt: askedAt,
    receivedAt,
    lifetimeMs,
    correlator: null,
    sourceLabel: LABEL,
  } as const;
  const { computer } = answer;
  const seat: Observation =
    answer.kind === "user"
      ? {
          ...common,
          // Two agents that ask in one millisecond and hear different names have said two things.
          ...identity(
            "probe:user",
            addressSpaceId,
            ip,
            `${askedAt}|${answer.user.domain}\\${answer.user.name}`,
          ),
          kind: "user",
          verb: "start",
          principal: { domain: answer.user.domain, name: answer.user.name },
          rule: "probe:user",
        }
      : {
          ...common,
          ...identity(EMPTY_RULES[answer.because], addressSpaceId, ip, String(askedAt)),
          kind: "user",
          verb: "end",
          principal: null,
          endScope: { principal: "any", family: "any" },
          rule: EMPTY_RULES[answer.because],
        };
  if (computer.domain === null) return [seat];
  const device: Observation = {
    ...common,
    ...identity("probe:device", addressSpaceId, ip, `${askedAt}|${computer.name}`),
    kind: "device",
    verb: "start",
    principal: { domain: computer.domain, name: computer.name },
    rule: "probe:device",
  };
  return [seat, device];
}

const FOLLOWS_LENGTH_MAX = 60;

function identity(
  rule: string,
  addressSpaceId: string,
  ip: IpAddress,
  follows: string,
): { readonly id: string; readonly recordId: string } {
  const written = follows.toLowerCase().replaceAll("#", ".").slice(0, FOLLOWS_LENGTH_MAX);
  const recordId = `${rule}|${addressSpaceId}|${ip}|${written}`;
  return { id: `${recordId}#0`, recordId };
}
