import { X509Certificate } from "node:crypto";
import type { CheckResult, SourceHealth, SourceState } from "../collector.ts";
import type { EventCounters } from "../event-log/event-counters.ts";
import type { ComputerList } from "./computer-list.ts";
import type { WefConfig } from "./wef-config.ts";

/** What is known of the receiver when somebody looks. */
export interface WefView {
  readonly config: WefConfig;
  readonly now: number;
  readonly startedAt: number;
  readonly since: number;
  readonly address: { readonly host: string; readonly port: number } | null;
  readonly fault: string | null;
  readonly certificatePem: string | null;
  readonly counters: EventCounters;
  readonly computers: ComputerList;
  readonly connections: number;
  readonly waiting: number;
}

/** A computer that missed two heartbeats and a half is away, switched off, or cannot send. */
const SILENT_HEARTBEATS = 2.5;
/** A forged event is said for so long: it is either an attack or a computer that was renamed. */
const FORGED_SAID_MS = 60 * 60_000;
const CHARACTERS_MAX = 500;
const SHOWN_COMPUTERS = 5;

/** How the receiver is. That all computers are silent is told from a port that nobody can reach by what was heard before. */
export function wefHealth(view: WefView): SourceHealth {
  const { config, counters, computers, now } = view;
  const silentAfter = now - SILENT_HEARTBEATS * config.heartbeatSeconds * 1000;
  const known = computers.size;
  const heard = computers.heardSince(silentAfter);
  const lastHeardAt = computers.list(1)[0]?.lastHeardAt ?? null;
  const say = (state: SourceState, since: number, sentence: string): SourceHealth => ({
    id: config.id,
    kind: "wef",
    name: config.name,
    state,
    sentence: sentence.slice(0, CHARACTERS_MAX),
    since,
    lastActivityAt: lastHeardAt,
    counters: {
      ...counters.toJSON(),
      computers: known,
      computersSilent: known - heard,
      connections: view.connections,
      waitingMessages: view.waiting,
    },
  });

  if (view.fault !== null) return say("broken", view.since, `Computers cannot forward: ${view.fault}`);
  if (view.address === null) return say("never", view.startedAt, "The port is being opened");
  if (known === 0) {
    const refused = counters.get("refusedSenders");
    if (refused > 0)
      return say(
        "degraded",
        view.since,
        `${refused} connections were refused and no computer was let in: ${reasonsOf(counters)}`,
      );
    return say(
      "never",
      view.since,
      `Port ${view.address.port} is open, and no computer has come: check the group policy and that ${config.host} leads here (docs/runbooks/event-forwarding.md)`,
    );
  }
  const forgedAt = counters.get("lastForgedAt");
  if (forgedAt > 0 && now - forgedAt < FORGED_SAID_MS)
    return say(
      "degraded",
      forgedAt,
      `${counters.get("forged")} events were refused because another computer wrote them: see which computer sends them, and whether it was renamed`,
    );
  if (heard === 0)
    return say(
      "degraded",
      lastHeardAt ?? view.since,
      `None of ${known} computers has been heard for ${Math.round((SILENT_HEARTBEATS * config.heartbeatSeconds) / 60)} minutes`,
    );
  if (counters.get("received") > 0 && counters.get("matched") === 0)
    return say(
      "degraded",
      view.since,
      "Events come, and none of them says where anybody is: see which reasons are counted",
    );
  const silent = known - heard;
  const others = silent === 0 ? "" : `; ${silent} are silent or switched off`;
  return say(
    "ok",
    view.since,
    `${heard} of ${known} computers are heard, ${counters.get("received")} events${others}`,
  );
}

/** The steps of a test, in the order in which a connection would fail at them. */
export function wefChecks(view: WefView): CheckResult[] {
  const { config, counters, computers, address, certificatePem } = view;
  const checks: CheckResult[] = [
    address === null
      ? {
          name: "listener",
          ok: false,
          detail: view.fault ?? "The port is not open yet.",
          remedy: "Stop the program that has the port, or choose another in the configuration.",
        }
      : { name: "listener", ok: true, detail: `Listens on port ${address.port}.` },
    certificateCheck(config.host, certificatePem),
  ];
  const refused = counters.get("refusedSenders");
  checks.push({
    name: "client certificates",
    ok: refused === 0 || computers.size > 0,
    detail:
      refused === 0
        ? "No certificate was refused."
        : `${refused} connections were refused: ${reasonsOf(counters)}.`,
    ...(refused === 0
      ? {}
      : {
          remedy:
            "Give the CA that issued the computers' certificates, and check the list of names that may forward.",
        }),
  });
  const heard = computers.list(SHOWN_COMPUTERS).map(({ name }) => name);
  checks.push({
    name: "computers",
    ok: heard.length > 0,
    detail:
      heard.length > 0
        ? `${computers.size} computers have come, last ${heard.join(", ")}.`
        : "No computer has come.",
    ...(heard.length > 0
      ? {}
      : {
          remedy:
            "Set the group policy (rollcall-agent wef policy), and look at the log Microsoft-Windows-Forwarding/Operational of a computer.",
        }),
  });
  const forged = counters.get("forged");
  checks.push({
    name: "forged events",
    ok: forged === 0,
    detail:
      forged === 0
        ? "No event of another computer was sent."
        : `${forged} events were refused because another computer wrote them.`,
    ...(forged === 0
      ? {}
      : { remedy: "See the agent's log for the sender; a renamed computer does it once." }),
  });
  checks.push({
    name: "events",
    ok: counters.get("matched") > 0,
    detail: `${counters.get("received")} events have come, ${counters.get("matched")} of them say where somebody is.`,
    ...(counters.get("matched") > 0
      ? {}
      : {
          remedy:
            "Log on at one of the computers. If nothing comes, NETWORK SERVICE may not read the Security log: make it a member of Event Log Readers.",
        }),
  });
  return checks;
}

function certificateCheck(host: string, pem: string | null): CheckResult {
  const name = "certificate";
  if (pem === null) return { name, ok: false, detail: "There is no certificate yet." };
  const certificate = new X509Certificate(pem);
  const isNamed = certificate.checkHost(host) !== undefined;
  return isNamed
    ? { name, ok: true, detail: `Says ${host}, until ${certificate.validToDate.toISOString().slice(0, 10)}.` }
    : {
        name,
        ok: false,
        detail: `Does not say ${host}: it is for ${certificate.subjectAltName ?? certificate.subject}.`,
        remedy: "Set the host by which the computers reach this agent.",
      };
}

const REASONS: Readonly<Record<string, string>> = {
  "no-certificate": "without a certificate",
  "certificate-not-trusted": "certificate of another authority",
  "certificate-expired": "certificate out of date",
  "agent-not-trusted": "the computer does not trust the agent's certificate",
  "no-name": "certificate without a usable name",
  "not-allowed": "name not on the list",
  "tls-too-old": "TLS older than 1.2",
  "handshake-broken-off": "broken off midway",
  "handshake-failed": "handshake failed",
};

function reasonsOf(counters: EventCounters): string {
  const found = Object.entries(REASONS).flatMap(([reason, words]) => {
    const count = counters.get(`refusedSenders.${reason}`);
    return count === 0 ? [] : [`${count} ${words}`];
  });
  return found.length === 0 ? "no reason was noted" : found.join(", ");
}
