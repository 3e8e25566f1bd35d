import {
  type IpAddress,
  type Observation,
  RecentMap,
  type SuppressedObservation,
} from "@rollcall/identity-core";

const KEYS_MAX = 20_000;
const LINES_PER_KEY_MAX = 32;
const NAME_LENGTH_MAX = 256;

/** What was kept back of one address. */
export type JournalLine = SuppressedObservation;

/**
 * The newest observations that were kept back at receipt, by address: for `explain`, and for nothing else.
 *
 * Holds    at most 32 lines of each of 20,000 addresses, in memory; addresses that were quiet longest go first.
 * Changed  by the pipeline, with the rule that kept the observation back and the number of the session law.
 * Does not survive a restart: what is told to firewalls never depends on it.
 */
export class SuppressionJournal {
  readonly #lines: RecentMap<string, JournalLine[]>;

  constructor(keysMax = KEYS_MAX) {
    this.#lines = new RecentMap(keysMax);
  }

  get size(): number {
    return this.#lines.size;
  }

  note(observation: Observation, rule: string): void {
    const { principal } = observation;
    this.noteLine(observation.addressSpaceId, observation.ip, {
      at: observation.effectiveAt,
      kind: observation.kind,
      rule,
      law: lawOf(rule),
      sourceId: observation.sourceId,
      observationId: observation.id,
      principal:
        principal?.name === undefined
          ? (principal?.upn ?? principal?.sid ?? null)
          : principal.domain
            ? `${principal.domain}\\${principal.name}`
            : principal.name,
    });
  }

  /** A line of syslog that names the address and could not be used: a name with characters that no name has, mostly. */
  noteRefusedLine(line: {
    readonly sourceId: string;
    readonly addressSpaceId: string;
    readonly ip: IpAddress;
    readonly at: number;
    readonly sequenceId: string;
    readonly reason: string;
  }): void {
    this.noteLine(line.addressSpaceId, line.ip, {
      at: line.at,
      kind: "user",
      rule: `syslog:${line.sequenceId}:${line.reason}`,
      law: "12",
      sourceId: line.sourceId,
      observationId: null,
      principal: null,
    });
  }

  noteLine(addressSpaceId: string, ip: IpAddress, line: JournalLine): void {
    const key = `${addressSpaceId}|${ip}`;
    const before = this.#lines.get(key) ?? [];
    // A batch that found no room on the disk is taken again.
    if (line.observationId !== null && before.some((one) => one.observationId === line.observationId)) return;
    const cut =
      line.principal === null ? line : { ...line, principal: line.principal.slice(0, NAME_LENGTH_MAX) };
    this.#lines.set(key, [cut, ...before].slice(0, LINES_PER_KEY_MAX));
  }

  /** Newest first. */
  linesOf(addressSpaceId: string, ip: string): readonly JournalLine[] {
    return this.#lines.get(`${addressSpaceId}|${ip}`) ?? [];
  }

  /** Address spaces in which something was kept back of an address. */
  spacesOf(ip: string): string[] {
    const ending = `|${ip}`;
    return [...this.#lines.entries()].flatMap(([key]) =>
      key.endsWith(ending) ? [key.slice(0, -ending.length)] : [],
    );
  }
}

const NAMES_AND_ADDRESSES = new Set([
  "never-a-session",
  "infrastructure",
  "well-known-sid",
  "no-name",
  "well-known-name",
  "product-account",
  "managed-service-account",
  "trust-account",
  "own-account",
]);

/** The number of the session law by which a rule keeps something back. */
function lawOf(rule: string): string {
  if (NAMES_AND_ADDRESSES.has(rule)) return "4";
  if (rule.startsWith("mark:")) return "9";
  return "14";
}
