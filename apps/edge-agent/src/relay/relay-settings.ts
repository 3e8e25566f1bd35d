import { readFileSync } from "node:fs";
import { parseListen } from "@rollcall/config";
import { createIpSet, type IpSet, parseIp, parseIpRange } from "@rollcall/identity-core";
import { AgentError } from "../agent-error.ts";
import type { ListenAddress } from "../settings.ts";
import { readUpstream, type Upstream } from "./upstream.ts";

/** As typed on the command line. */
export interface RelayFlags {
  readonly listen: string;
  readonly upstream: string;
  readonly from: readonly string[];
  readonly record: string;
  readonly for: string;
  readonly plain?: boolean;
  readonly upstreamCa?: string;
  readonly insecureUpstream?: boolean;
  readonly cert?: string;
  readonly key?: string;
  readonly name?: readonly string[];
  readonly consent?: string;
  readonly keepWord?: readonly string[];
}

export interface RelaySettings {
  readonly listen: ListenAddress;
  readonly upstream: Upstream;
  readonly from: IpSet;
  readonly fromCount: number;
  readonly folder: string;
  readonly forMs: number;
  readonly isPlain: boolean;
  /** A certificate of one's own; null: one is made, unless `isPlain`. */
  readonly certificate: { readonly certPem: string; readonly keyPem: string } | null;
  readonly names: readonly string[];
  readonly consent: string | null;
  readonly keepWords: readonly string[];
}

const FOR_MS_MAX = 8 * 3_600_000;
const PLAIN_MS_MAX = 3_600_000;
const UNITS_MS = { s: 1000, m: 60_000, h: 3_600_000 } as const;

/** Reads the flags. Throws `AgentError` "usage" for the first that cannot be. */
export function readRelayFlags(flags: RelayFlags): RelaySettings {
  const listen = parseListen(flags.listen);
  if (listen === null) throw usage(`${flags.listen} is not host:port.`, "As in --listen 0.0.0.0:443.");
  const isPlain = flags.plain === true;
  const from = flags.from
    .flatMap((text) => text.split(","))
    .map((text) => text.trim())
    .filter((text) => text !== "");
  if (from.length === 0)
    throw usage("Nobody is allowed to connect.", "Name the firewalls: --from 10.0.0.1,10.0.0.2.");
  for (const text of from) {
    if (parseIpRange(text) === null)
      throw usage(`${text} is no address.`, "Name the addresses the firewalls ask from.");
    if (isPlain && parseIp(text) === null)
      throw usage(
        `With --plain each firewall is named by its address; ${text} is more than one.`,
        "Name them one by one.",
      );
  }
  const forMs = parseDuration(flags.for);
  const forMsMax = isPlain ? PLAIN_MS_MAX : FOR_MS_MAX;
  if (forMs === null) throw usage(`${flags.for} is no length of time.`, "As in --for 60m, 90s or 2h.");
  if (forMs > forMsMax)
    throw usage(
      `--for ${flags.for} is longer than ${isPlain ? "60m, the most with --plain" : "8h"}.`,
      "Start it again when the time is up.",
    );
  return {
    listen,
    upstream: readUpstream(flags.upstream, flags.upstreamCa ?? null, flags.insecureUpstream === true),
    from: createIpSet(from),
    fromCount: from.length,
    folder: flags.record,
    forMs,
    isPlain,
    certificate: readCertificate(flags),
    names: flags.name ?? [],
    consent: flags.consent?.trim() || null,
    keepWords: flags.keepWord ?? [],
  };
}

/** "90s", "60m", "2h" in ms; null for anything else, and for nothing. */
export function parseDuration(text: string): number | null {
  const [, digits = "", unit] = /^(\d{1,6})([smh])$/.exec(text.trim()) ?? [];
  if (unit !== "s" && unit !== "m" && unit !== "h") return null;
  const ms = Number(digits) * UNITS_MS[unit];
  return ms > 0 ? ms : null;
}

function readCertificate({ cert, key, plain }: RelayFlags): RelaySettings["certificate"] {
  if (cert === undefined && key === undefined) return null;
  if (plain === true) throw usage("--plain has no certificate.", "Leave --cert and --key out.");
  if (cert === undefined || key === undefined)
    throw usage("--cert and --key come together.", "Name both files, in PEM form.");
  const read = (file: string): string => {
    try {
      return readFileSync(file, "utf8");
    } catch (cause) {
      throw new AgentError("usage", `${file} cannot be read.`, { cause, exit: "invalid" });
    }
  };
  return { certPem: read(cert), keyPem: read(key) };
}

function usage(message: string, remedy: string): AgentError {
  return new AgentError("usage", message, { exit: "usage", remedy });
}
