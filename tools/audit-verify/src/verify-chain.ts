import { type AuditLine, chainHash, detailCommit, readLine } from "./canonical.ts";

export interface Finding {
  /** Line of the file, from 1; 0 for the file as a whole. */
  readonly line: number;
  readonly message: string;
}

export interface Verdict {
  readonly findings: readonly Finding[];
  readonly entries: number;
  readonly erased: number;
  readonly firstN: number | null;
  readonly lastN: number | null;
  readonly lastHash: string | null;
  /** True when an anchor was given and one of the entries has it. */
  readonly anchorFound: boolean;
}

export interface Expectations {
  /** Hash of an entry that was noted elsewhere. Everything up to it must be there unchanged. */
  readonly anchor?: string;
  /** Number of the entry before the first one, for a part of a chain; default: taken from the first line. */
  readonly mayStartAnywhere?: boolean;
}

const NOTHING_BEFORE = "0".repeat(64);

/**
 * Checks the chain of an exported audit log, line by line.
 *
 * Shape:  every fault with its line. After a fault it goes on from that line, so that one edit is one finding.
 * Errors: none thrown for what the file holds.
 * Source: tools/audit-verify/README.md.
 */
export async function verifyChain(
  lines: AsyncIterable<string> | Iterable<string>,
  expectations: Expectations = {},
): Promise<Verdict> {
  const findings: Finding[] = [];
  let number = 0;
  let previous: AuditLine | null = null;
  let first: AuditLine | null = null;
  let entries = 0;
  let erased = 0;
  let anchorFound = false;
  for await (const text of lines) {
    number += 1;
    if (text.trim() === "") continue;
    const line = readLine(text);
    if (typeof line === "string") {
      findings.push({ line: number, message: line });
      continue;
    }
    entries += 1;
    const tell = (message: string) => findings.push({ line: number, message: `entry ${line.n}: ${message}` });
    if (previous === null) {
      first = line;
      if (line.n === 1 && line.prevHash !== NOTHING_BEFORE) tell("is number 1 but claims an entry before it");
      if (line.n !== 1 && !expectations.mayStartAnywhere)
        tell(
          `the export begins here, entries 1 to ${line.n - 1} are missing (for a part of a chain say --part)`,
        );
    } else {
      if (line.tenantId !== previous.tenantId) tell("belongs to another tenant than the entry before it");
      if (line.n === previous.n + 1) {
        if (line.prevHash !== previous.hash)
          tell(`does not follow entry ${previous.n}: that one, or this one, was changed or exchanged`);
      } else if (line.n <= previous.n)
        tell(`stands after entry ${previous.n}: repeated, inserted or out of order`);
      else if (line.n === previous.n + 2) tell(`entry ${previous.n + 1} is missing before it`);
      else tell(`entries ${previous.n + 1} to ${line.n - 1} are missing before it`);
    }
    if (chainHash(line) !== line.hash) tell("was changed: its content does not give its hash");
    if (line.salt === null || line.detail === null) {
      erased += 1;
      if (line.salt !== null || line.detail !== null) tell("has half of its detail only");
    } else if (detailCommit(line.salt, line.detail) !== line.detailCommit)
      tell("its detail was changed: it does not give the value that the entry holds");
    if (expectations.anchor !== undefined && line.hash === expectations.anchor) anchorFound = true;
    previous = line;
  }
  if (entries === 0) findings.push({ line: 0, message: "holds no audit entry" });
  if (expectations.anchor !== undefined && !anchorFound)
    findings.push({
      line: 0,
      message: "no entry has the anchor's hash: the end was cut off, or the chain was written anew",
    });
  return {
    findings,
    entries,
    erased,
    firstN: first?.n ?? null,
    lastN: previous?.n ?? null,
    lastHash: previous?.hash ?? null,
    anchorFound,
  };
}
