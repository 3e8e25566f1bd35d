import { request } from "node:http";
import { Client } from "ldapts";
import type { EventSourceConfig } from "./event-source-config.ts";

const TIMEOUT_MS = 5000;
const LDAP_PORT = 389;
/** HTTP.sys answers here on every server that forwards events or is managed remotely. */
const WINRM_PORT = 5985;
/** Both clocks are told in whole seconds: less than this cannot be told apart from none. */
const BLUR_MS = 2000;

/**
 * How far a server's clock is ahead of ours, by asking it: a domain controller its rootDSE, another server the `Date` of
 * whatever answer its HTTP gives. No login is needed for either, and no password travels.
 *
 * Shape:  null where it cannot be asked; 0 where the difference is below what whole seconds can show.
 * Source: semantics 1, "Effective time"; MS-ADTS 3.1.1.3.2.9, currentTime (documented); RFC 9110 6.6.1 (documented).
 */
export async function askClockOffset(
  config: Pick<EventSourceConfig, "kind" | "host">,
  now: () => number,
  signal: AbortSignal,
): Promise<number | null> {
  const sentAt = now();
  const told =
    config.kind === "domain-controller"
      ? await currentTimeOf(config.host).catch(() => null)
      : await dateOf(config.host, signal).catch(() => null);
  if (told === null) return null;
  // What is told was cut to the second: on average it is half a second later.
  const offset = told + 500 - (sentAt + now()) / 2;
  return Math.abs(offset) < BLUR_MS ? 0 : Math.round(offset);
}

async function currentTimeOf(host: string): Promise<number | null> {
  const client = new Client({
    url: `ldap://${bracketed(host)}:${LDAP_PORT}`,
    timeout: TIMEOUT_MS,
    connectTimeout: TIMEOUT_MS,
  });
  try {
    const { searchEntries } = await client.search("", { scope: "base", attributes: ["currentTime"] });
    return generalizedTime(String(searchEntries[0]?.currentTime ?? ""));
  } finally {
    await client.unbind().catch(() => undefined);
  }
}

function dateOf(host: string, signal: AbortSignal): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host, port: WINRM_PORT, path: "/", method: "HEAD", timeout: TIMEOUT_MS, signal, agent: false },
      (answer) => {
        answer.resume();
        const at = Date.parse(answer.headers.date ?? "");
        resolve(Number.isNaN(at) ? null : at);
      },
    );
    asked.on("timeout", () => asked.destroy(new Error("timed out")));
    asked.on("error", reject);
    asked.end();
  });
}

/** `20260105090000.0Z`. Null for anything else. */
export function generalizedTime(text: string): number | null {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.\d+)?Z$/.exec(text);
  if (parts === null) return null;
  const [, year, month, day, hour, minute, second] = parts.map(Number);
  const at = Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
  return Number.isNaN(at) ? null : at;
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
