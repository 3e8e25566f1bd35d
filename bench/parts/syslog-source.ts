import type { SyslogSourceConfig } from "@rollcall/collectors/syslog";
import { baseConfigurations } from "@rollcall/syslog-rules";
import { addressOf, SPACE } from "./sessions.ts";

/** The source every product has: accounting lines of a RADIUS server, with the sequences shipped for them. */
export function benchSource(): SyslogSourceConfig {
  const shipped = baseConfigurations.find(({ id }) => id === "freeradius-linelog");
  if (shipped === undefined) throw new Error("the base configuration freeradius-linelog is gone");
  return {
    id: "radius",
    name: "RADIUS",
    senders: ["127.0.0.1"],
    transport: "any",
    addressSpaceId: SPACE,
    speaksFor: ["10.0.0.0/8"],
    defaultDomain: "corp.example",
    lifetimeMinutes: 480,
    maxLinesPerSecond: 1_000_000,
    sequences: shipped.sequences,
  };
}

/** Of ten lines four begin a session, four end one and two mean nothing to anybody. */
export function lineOf(at: number): string {
  const head = "<134>1 2026-11-24T10:00:00Z radius1 radiusd 812 - -";
  const who = `user=CORP\\user${at} ip=${addressOf(at)} session=${at.toString(16).padStart(8, "0")}`;
  const kind = at % 10;
  if (kind < 4) return `${head} radius acct start ${who}`;
  if (kind < 8) return `${head} radius acct stop ${who} time=1200`;
  return `${head} Info: rlm_sql (sql): 0 of ${at} connections in use. You may need to increase "spare"`;
}
