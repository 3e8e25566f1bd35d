import { statSync } from "node:fs";
import path from "node:path";
import type { SecretRef, SiteConfig } from "@rollcall/agent-protocol";
import type { ConfigIssue } from "@rollcall/config";
import { parseIpRange } from "@rollcall/identity-core";
import { isSecretVerifier } from "@rollcall/pki";
import { compilePattern, compileSequences } from "@rollcall/syslog-rules";
import { checkWindows } from "./check-windows.ts";

export interface CheckSiteOptions {
  /** Folder that relative paths of secret files start from. Null: the configuration is the portal's and names none. */
  readonly baseFolder: string | null;
}

/**
 * Checks what a schema cannot say: that names are unique, references lead somewhere, addresses and expressions can be
 * read, and files of secrets are there and private.
 *
 * Shape:  every fault, each with its path and a remedy; empty when all is well.
 * Errors: none thrown.
 */
export function checkSite(site: SiteConfig, options: CheckSiteOptions): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  const spaces = new Set(site.addressSpaces.map((space) => space.id));
  const range = (text: string, at: string): void => {
    if (parseIpRange(text) === null)
      issues.push({
        path: at,
        problem: `"${text}" is no address, prefix or range`,
        remedy: "write 10.1.0.0/16, 10.1.2.3 or 10.1.2.3-10.1.2.9",
      });
  };
  const space = (id: string, at: string): void => {
    if (!spaces.has(id))
      issues.push({
        path: at,
        problem: `there is no address space "${id}"`,
        remedy: `known here: ${[...spaces].join(", ")}`,
      });
  };
  const expression = (text: string, at: string): void => {
    const outcome = compilePattern(text, { ignoreCase: true });
    if (outcome.kind === "refused")
      issues.push({
        path: at,
        problem: `the expression cannot be used: ${outcome.problem.message} (at position ${outcome.problem.position + 1})`,
      });
  };
  const secretFile = (secret: SecretRef | undefined, at: string): void => {
    if (secret !== undefined && "file" in secret && options.baseFolder !== null)
      issues.push(...checkSecretFile(path.resolve(options.baseFolder, secret.file), `${at}.file`));
  };

  issues.push(...duplicates("addressSpaces", site.addressSpaces));
  issues.push(...duplicates("filters", site.filters));
  issues.push(...duplicates("hostMarks", site.hostMarks));
  issues.push(...duplicates("enforcementPoints", site.enforcementPoints));
  issues.push(
    ...duplicates("directories, syslogSources, eventSources and wefReceiver", [
      ...site.directories,
      ...site.syslogSources,
      ...site.eventSources,
      ...(site.wefReceiver === null ? [] : [site.wefReceiver]),
    ]),
  );
  issues.push(...duplicateClients(site));
  issues.push(...checkWindows(site, { range, space, secretFile }));

  for (const [index, source] of site.syslogSources.entries()) {
    const at = `syslogSources[${index}]`;
    space(source.addressSpaceId, `${at}.addressSpaceId`);
    for (const [i, text] of source.senders.entries()) range(text, `${at}.senders[${i}]`);
    for (const [i, text] of source.speaksFor.entries()) range(text, `${at}.speaksFor[${i}]`);
    if (source.timeZone !== undefined && !isTimeZone(source.timeZone))
      issues.push({
        path: `${at}.timeZone`,
        problem: `"${source.timeZone}" is no time zone`,
        remedy: "write an IANA name, as in Europe/Zurich",
      });
    const outcome = compileSequences(source.sequences);
    if (outcome.kind === "refused") {
      for (const problem of outcome.problems) {
        const position = source.sequences.findIndex((sequence) => sequence.id === problem.sequenceId);
        const field =
          problem.field === "pattern"
            ? `.patterns[${problem.index ?? 0}]`
            : problem.field === "trigger"
              ? ".trigger"
              : "";
        issues.push({
          path: position < 0 ? `${at}.sequences` : `${at}.sequences[${position}]${field}`,
          problem: problem.message,
        });
      }
    }
  }
  for (const [index, filter] of site.filters.entries()) {
    const at = `filters[${index}]`;
    if (filter.kind === "ip-include" || filter.kind === "ip-exclude") range(filter.range, `${at}.range`);
    else expression(filter.pattern, `${at}.pattern`);
  }
  for (const [index, point] of site.enforcementPoints.entries()) {
    const at = `enforcementPoints[${index}]`;
    secretFile(point.push?.password, `${at}.push.password`);
    for (const [i, id] of point.addressSpaceIds.entries()) space(id, `${at}.addressSpaceIds[${i}]`);
    for (const [i, text] of point.sourceAddresses.entries()) range(text, `${at}.sourceAddresses[${i}]`);
    for (const [i, text] of point.includeIp.entries()) range(text, `${at}.includeIp[${i}]`);
    for (const [i, text] of point.excludeIp.entries()) range(text, `${at}.excludeIp[${i}]`);
    for (const [i, text] of point.verifiers.entries()) {
      if (!isSecretVerifier(text))
        issues.push({
          path: `${at}.verifiers[${i}]`,
          problem: "is no verifier of a secret",
          remedy: "make one with: rollcall-agent config new-secret",
        });
    }
  }
  for (const [i, text] of (site.firewallListener.legacy?.sources ?? []).entries())
    range(text, `firewallListener.legacy.sources[${i}]`);
  return issues;
}

/** A file of a secret must be there, hold something, and be readable by its owner alone. */
function checkSecretFile(file: string, at: string): ConfigIssue[] {
  try {
    const found = statSync(file);
    if (!found.isFile()) return [{ path: at, problem: `${file} is no file` }];
    if (found.size === 0) return [{ path: at, problem: `${file} is empty` }];
    if (process.platform !== "win32" && (found.mode & 0o077) !== 0)
      return [{ path: at, problem: `other users may read ${file}`, remedy: `run: chmod 600 ${file}` }];
    return [];
  } catch (error) {
    return [
      {
        path: at,
        problem: `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      },
    ];
  }
}

function duplicates(list: string, items: readonly { readonly id: string }[]): ConfigIssue[] {
  const seen = new Set<string>();
  const issues: ConfigIssue[] = [];
  for (const { id } of items) {
    if (seen.has(id))
      issues.push({ path: list, problem: `the id "${id}" is used twice`, remedy: "give each its own id" });
    seen.add(id);
  }
  return issues;
}

function duplicateClients(site: SiteConfig): ConfigIssue[] {
  return duplicates(
    "enforcementPoints",
    site.enforcementPoints.map((point) => ({ id: point.clientId })),
  ).map((issue) => ({ ...issue, problem: issue.problem.replace("the id", "the clientId") }));
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
