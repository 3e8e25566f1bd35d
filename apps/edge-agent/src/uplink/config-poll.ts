import { CONFIG_LEVEL, PROTOCOL_VERSION, type SiteConfig, siteConfig } from "@rollcall/agent-protocol";
import { formatIssue, formatIssues } from "@rollcall/config";
import type { Logger } from "@rollcall/observability";
import { z } from "zod";
import { messageOf } from "../agent-error.ts";
import { checkSite } from "../sources/check-site.ts";
import type { PortalLink } from "./portal-link.ts";

const WAIT_SECONDS = 50;
const REASON_MAX = 2000;

/** The envelope only: a configuration that this version cannot read must be refused with a reason, not with silence. */
const envelope = z.object({ version: z.number().int(), config: z.unknown() });

export type ParsedConfig =
  | { readonly kind: "usable"; readonly config: SiteConfig }
  | { readonly kind: "refused"; readonly reason: string };

/** Judges a configuration from the portal by the schema and by sense. Everything wrong with it is in the reason. */
export function parsePortalConfig(value: unknown): ParsedConfig {
  const parsed = siteConfig.safeParse(value, { reportInput: true });
  if (!parsed.success)
    return {
      kind: "refused",
      reason: formatIssues(parsed.error, siteConfig).join("; ").slice(0, REASON_MAX),
    };
  const issues = checkSite(parsed.data, { baseFolder: null });
  if (issues.length > 0)
    return { kind: "refused", reason: issues.map(formatIssue).join("; ").slice(0, REASON_MAX) };
  return { kind: "usable", config: parsed.data };
}

export interface ConfigPollOptions {
  readonly link: PortalLink;
  readonly log: Logger;
  /** The version that runs; null where none of the portal's does. */
  readonly currentVersion: () => number | null;
  /** Whether what runs was fetched by an agent that knew fewer fields: then it is fetched anew, whatever its version is. */
  readonly isKeptOfOlder?: () => boolean;
  /** Takes a configuration into use and keeps it as the last good one. Throws where it cannot. */
  readonly apply: (config: SiteConfig, version: number) => Promise<void>;
  readonly onRefused: (version: number, reason: string) => void;
  /** What runs is what the portal wants, as it has just said. */
  readonly onCurrent?: () => void;
}

/**
 * Fetches what the portal wants, tries it, and says what became of it.
 * A refused configuration changes nothing: the last good one goes on, and the portal is told why.
 */
export async function pollConfig(options: ConfigPollOptions, signal: AbortSignal): Promise<void> {
  const { link, log } = options;
  let have = options.isKeptOfOlder?.() === true ? null : options.currentVersion();
  // Whether what was kept is still wanted is asked at once: the first answer is not waited for.
  let waitSeconds = 0;
  while (!signal.aborted) {
    await link.ready(signal);
    const known = have === null ? "" : `have=${have}&`;
    const answer = await link.ask({
      method: "GET",
      path: `/v1/config?${known}level=${CONFIG_LEVEL}&wait=${waitSeconds}`,
      answer: envelope,
      waitMs: waitSeconds * 1000,
      signal,
    });
    // What was refused is wanted still, and is not what runs.
    if (answer.kind === "nothing" && have === options.currentVersion()) options.onCurrent?.();
    if (answer.kind !== "refused") waitSeconds = WAIT_SECONDS;
    if (answer.kind !== "answer") continue;
    const { version, config } = answer.value;
    const outcome = await take(options, version, config);
    if (outcome.kind === "refused") {
      log.error(
        { configVersion: version, reason: outcome.reason },
        "configuration of the portal refused; the last good one goes on",
      );
      options.onRefused(version, outcome.reason);
    } else {
      options.onCurrent?.();
      log.info({ configVersion: version }, "configuration of the portal in force");
    }
    await report(link, version, outcome, signal);
    have = version;
  }
}

type Outcome = { readonly kind: "applied" } | { readonly kind: "refused"; readonly reason: string };

async function take(options: ConfigPollOptions, version: number, value: unknown): Promise<Outcome> {
  const parsed = parsePortalConfig(value);
  if (parsed.kind === "refused") return parsed;
  try {
    await options.apply(parsed.config, version);
    return { kind: "applied" };
  } catch (error) {
    return { kind: "refused", reason: messageOf(error).slice(0, REASON_MAX) };
  }
}

/** Tells the portal until it has heard. */
async function report(
  link: PortalLink,
  version: number,
  outcome: Outcome,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await link.ready(signal);
    const answer = await link
      .ask({
        method: "POST",
        path: "/v1/config/applied",
        answer: z.unknown(),
        body: {
          v: PROTOCOL_VERSION,
          version,
          outcome: outcome.kind,
          ...(outcome.kind === "refused" ? { reason: outcome.reason } : {}),
        },
        signal,
      })
      .catch((error: unknown) => {
        if (signal.aborted) throw error;
        return null;
      });
    if (answer !== null && (answer.kind !== "refused" || (answer.status !== 429 && answer.status < 500)))
      return;
  }
}
