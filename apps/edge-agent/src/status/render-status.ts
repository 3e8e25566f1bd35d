import { transportWarning } from "@rollcall/srx-server";
import { printable, type Terminal, type Tint } from "../cli/terminal.ts";
import type { StatusDocument } from "./status-document.ts";

const LABEL = 14;
const NAME = 24;
const LESSON: Record<StatusDocument["learning"][number]["state"], { word: string; tint: Tint }> = {
  trying: { word: "trying", tint: "dim" },
  understood: { word: "found", tint: "good" },
  exhausted: { word: "NONE", tint: "bad" },
};

/** Draws the status for a person: about twelve lines, worst things in sight. */
export function renderStatus(status: StatusDocument, terminal: Pick<Terminal, "tint">, now: number): string {
  const lines: string[] = [title(status, terminal)];
  const row = (label: string, name: string, state: string, tint: Tint | null, rest: string): void => {
    const word = tint === null ? state.padEnd(9) : terminal.tint(state.padEnd(9), tint);
    lines.push(
      `  ${label.padEnd(LABEL - 2)}${clip(printable(name)).padEnd(NAME)}${word} ${printable(rest)}`.trimEnd(),
    );
  };
  const group = <T>(
    label: string,
    items: readonly T[],
    none: string,
    draw: (item: T, label: string) => void,
  ): void => {
    if (items.length === 0) row(label, none, "", null, "");
    for (const [index, item] of items.entries()) draw(item, index === 0 ? label : "");
  };
  const source = (item: StatusDocument["sources"][number], label: string): void =>
    row(
      label,
      item.name,
      item.state === "ok" ? "ok" : item.state.toUpperCase(),
      tintOf(item.state),
      item.sentence,
    );

  group(
    "directory",
    status.sources.filter((item) => item.kind === "directory"),
    "none configured",
    source,
  );
  group(
    "sources",
    status.sources.filter((item) => item.kind !== "directory"),
    "none configured",
    source,
  );
  for (const [index, login] of status.credentials.entries())
    row(
      index === 0 ? "logins" : "",
      login.name,
      login.state === "ok" ? "ok" : login.state.toUpperCase(),
      login.state === "ok" ? "good" : login.state === "paused" ? "bad" : "dim",
      login.sentence,
    );
  const pushes = new Map(status.pushes.map((push) => [push.enforcementPointId, push]));
  group("firewalls", status.firewalls, "none configured", (firewall, label) => {
    const push = pushes.get(firewall.enforcementPointId);
    if (push !== undefined) {
      const isWell = push.state === "ok" || push.state === "resyncing";
      const posted = push.lastOkAt === null ? "" : `posted ${ago(now - push.lastOkAt)}; `;
      row(
        label,
        firewall.name,
        push.state === "ok" ? "ok" : push.state === "resyncing" ? "resync" : push.state.toUpperCase(),
        isWell ? "good" : push.state === "waiting" ? "warn" : "bad",
        `${posted}${push.sentence}`,
      );
      return;
    }
    const last = Math.max(firewall.lastBatchAt ?? 0, firewall.lastIpQueryAt ?? 0, firewall.lastTokenAt ?? 0);
    const isRefused = firewall.lastRefusal !== null && last === 0;
    row(
      label,
      firewall.name,
      last === 0 ? (isRefused ? "REFUSED" : "never") : "ok",
      last === 0 ? (isRefused ? "bad" : "dim") : "good",
      last === 0
        ? (firewall.lastRefusal ?? "has not asked yet")
        : [`asked ${ago(now - last)}`, transportWarning(firewall.tls ?? "")].filter(Boolean).join("; "),
    );
  });
  for (const [index, lesson] of status.learning.entries()) {
    const { word, tint } = LESSON[lesson.state];
    row(index === 0 ? "learning" : "", lesson.name, word, tint, lesson.sentence);
  }
  for (const listener of status.listeners.filter((one) => one.state !== "ok"))
    row(
      "listener",
      listener.name,
      listener.state === "off" ? "off" : listener.state === "degraded" ? "WEAK" : "BROKEN",
      listener.state === "off" ? "dim" : "bad",
      listener.sentence,
    );
  const free = (label: string, text: string): void => {
    lines.push(`  ${label.padEnd(LABEL - 2)}${printable(text)}`);
  };
  free("people", `${status.people.known} known, ${status.people.unknown} addresses unknown`);
  for (const { kind, acted, suggested } of status.findings)
    free("found", `${kind}: ${acted} acted on, ${suggested} to look at`);
  if (status.corroborationDifferences > 0)
    free(
      "tickets",
      `with corroboration on, ${status.corroborationDifferences} addresses would be answered otherwise`,
    );
  if (status.overlaps > 0) free("overlaps", `${status.overlaps} addresses are in two spaces of one firewall`);
  if (status.darkSources.length > 0)
    free("dark", `${status.darkSources.length} sources; some firewalls are not told of their people`);
  if (status.store.state !== "ok")
    free("store", `${status.store.state.toUpperCase()}: ${status.store.sentence}`);
  if (status.shadow !== null)
    free(
      "shadow",
      `${status.shadow.state === "failing" ? "FAILING: " : ""}${status.shadow.sentence} (rollcall-agent shadow)`,
    );
  free("portal", portalWords(status));
  if (status.next !== null) free("next", status.next);
  return lines.join("\n");
}

function title(status: StatusDocument, terminal: Pick<Terminal, "tint">): string {
  const { tenant, site, agent } = status.enrolment;
  const place = tenant === null ? "Stand-alone" : `${tenant} / ${site}`;
  const verdict = { ok: "healthy", degraded: "degraded", broken: "BROKEN" }[status.state];
  const tint: Tint = status.state === "ok" ? "good" : status.state === "degraded" ? "warn" : "bad";
  const name = [place, agent, status.version].filter((part) => part !== null).join("  ");
  return `${terminal.tint(printable(name), "bold")}  ${terminal.tint(verdict, tint)}: ${status.sentence}`;
}

function portalWords(status: StatusDocument): string {
  const { pending, leftOut } = status.spool;
  const waiting = [
    pending > 0 ? `, ${pending} events waiting` : "",
    leftOut > 0 ? `, ${leftOut} left out as too large for the way there` : "",
  ].join("");
  switch (status.portal.state) {
    case "connected":
      return `connected${waiting}`;
    case "unreachable":
      return `not reachable${waiting}: ${status.portal.sentence}`;
    case "refused":
      return `refuses this agent: ${status.portal.sentence}`;
    case "off":
      return "not enrolled";
  }
}

function tintOf(state: string): Tint {
  if (state === "ok") return "good";
  if (state === "degraded") return "warn";
  return state === "broken" ? "bad" : "dim";
}

function clip(name: string): string {
  return name.length < NAME ? name : `${name.slice(0, NAME - 2)}… `;
}

/** "3 s ago", "4 min ago", "2 h ago", "5 days ago". Units: ms. */
export function ago(lengthMs: number): string {
  const seconds = Math.max(0, Math.round(lengthMs / 1000));
  if (seconds < 90) return `${seconds} s ago`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86_400)} days ago`;
}
