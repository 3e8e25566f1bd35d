import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { connect, isIP } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { CheckResult } from "../collector.ts";
import type { LoginPort } from "../login-port.ts";
import { adviseOnDirectory } from "./directory-advice.ts";
import type { DirectoryConfig } from "./directory-config.ts";
import { DirectoryFault, toDirectoryFault } from "./directory-fault.ts";
import { GROUP_FILTER, OBJECT_ATTRIBUTES, PRINCIPAL_FILTER } from "./entry-records.ts";
import { ExtendedDnControl } from "./ldap-controls.ts";
import { type LdapSession, openLdapSession, tlsOptionsOf } from "./ldap-session.ts";
import { QueryPace } from "./query-pace.ts";
import { readServerIdentity, type ServerIdentity } from "./server-identity.ts";

const STEP_TIMEOUT_MS = 10_000;

/**
 * Tries a directory step by step, as a person would who looks for the fault.
 *
 * Shape:  the checks in order, up to the first that fails; that one has a remedy. Behind them, what could be better.
 * Errors: none thrown; a fault is a failed check. One log-on is made, whatever comes of it.
 */
export async function testDirectory(
  wanted: DirectoryConfig,
  login: LoginPort,
  servers: readonly string[],
  signal: AbortSignal,
): Promise<readonly CheckResult[]> {
  const checks: CheckResult[] = [];
  const config = { ...wanted, host: servers[0] ?? wanted.host };
  if (config.host !== wanted.host || servers.length > 1)
    checks.push({ name: "Controllers", ok: true, detail: `${servers.join(", ")}; the first is tested` });
  let session: LdapSession | null = null;
  /** Runs one step; false when it failed and the rest makes no sense. */
  const step = async (name: string, run: () => Promise<string>): Promise<boolean> => {
    try {
      signal.throwIfAborted();
      checks.push({ name, ok: true, detail: await run() });
      return true;
    } catch (error) {
      const fault = toDirectoryFault(error, config);
      checks.push({ name, ok: false, detail: fault.message, remedy: fault.remedy });
      return false;
    }
  };
  const open = async () => {
    session = await openLdapSession(config, login, signal, new QueryPace(config.maxQueriesPerSecond));
    return session;
  };
  try {
    if (isIP(config.host) === 0 && !(await step("Name", () => resolveName(config)))) return checks;
    if (!(await step("Port", () => reachPort(config)))) return checks;
    if (config.tls === "ldaps" && !(await step("Encryption", () => checkCertificate(config)))) return checks;
    let opened: LdapSession | null = null;
    const loggedOn = await step("Log-on", async () => {
      opened = await open();
      const how = config.bind === "kerberos" ? "by Kerberos" : "with its password";
      return `The reading account was let in ${how}${config.tls === "starttls" ? " (StartTLS)" : ""}`;
    });
    if (!loggedOn || opened === null) return checks;
    const server = await readSome(opened, config, step, signal);
    if (server === null) return checks;
    return [...checks, ...(await adviseOnDirectory(opened, { config, server, now: Date.now }, signal))];
  } finally {
    await closeQuietly(session);
  }
}

async function closeQuietly(session: LdapSession | null): Promise<void> {
  if (session !== null) await session.close();
}

async function readSome(
  session: LdapSession,
  config: DirectoryConfig,
  step: (name: string, run: () => Promise<string>) => Promise<boolean>,
  signal: AbortSignal,
): Promise<ServerIdentity | null> {
  let server: ServerIdentity | null = null;
  const known = await step("Directory", async () => {
    const found = await readServerIdentity(session, config);
    server = found;
    return `${found.host ?? config.host} serves ${found.domain}${found.netbiosDomain === null ? "" : ` (${found.netbiosDomain})`}`;
  });
  const found = server as ServerIdentity | null;
  if (!known || found === null) return null;
  const first = async (base: string, filter: string, what: string) => {
    const request = {
      base,
      scope: "sub" as const,
      filter,
      attributes: OBJECT_ATTRIBUTES,
      controls: [new ExtendedDnControl()],
    };
    for await (const page of session.pages(request, 20, signal)) {
      if (page.length > 0)
        return `${what} can be read, the first ${page[0]?.text("sAMAccountName") ?? "without a name"}`;
    }
    throw new Error(`no ${what.toLowerCase()} below ${base} can be read`);
  };
  const read =
    (await step("People", () => first(found.baseDn, PRINCIPAL_FILTER, "Users"))) &&
    (await step("Groups", () => first(found.namingContext, GROUP_FILTER, "Groups")));
  return read ? found : null;
}

async function resolveName(config: DirectoryConfig): Promise<string> {
  const addresses = await lookup(config.host, { all: true });
  return `${config.host} is ${addresses.map(({ address }) => address).join(", ")}`;
}

async function reachPort(config: DirectoryConfig): Promise<string> {
  const socket = connect({ host: config.host, port: config.port, timeout: STEP_TIMEOUT_MS });
  const expired = once(socket, "timeout").then(() => {
    throw Object.assign(new Error("timed out"), { code: "ETIMEDOUT" });
  });
  try {
    await Promise.race([once(socket, "connect"), expired]);
    return `${config.host}:${config.port} accepts connections`;
  } finally {
    socket.on("error", () => undefined);
    socket.destroy();
    expired.catch(() => undefined);
  }
}

async function checkCertificate(config: DirectoryConfig): Promise<string> {
  const socket: TLSSocket = connectTls({
    host: config.host,
    port: config.port,
    timeout: STEP_TIMEOUT_MS,
    ...(isIP(config.host) === 0 ? { servername: config.host } : {}),
    ...tlsOptionsOf(config),
  });
  try {
    await once(socket, "secureConnect");
    const certificate = socket.getPeerCertificate();
    const trust = config.dangerouslyTrustAnyCertificate ? " (not checked)" : "";
    return `${socket.getProtocol()}, certificate of ${nameOf(certificate.subject?.CN)} valid until ${certificate.valid_to}${trust}`;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ECONNRESET")) throw error;
    throw new DirectoryFault(
      "encryption-failed",
      `${config.host}:${config.port} closed the connection instead of encrypting it`,
      "check the port: LDAPS is 636; on 389 choose StartTLS",
      error,
    );
  } finally {
    socket.on("error", () => undefined);
    socket.destroy();
  }
}

function nameOf(commonName: string | string[] | undefined): string {
  const [first = "no name"] = Array.isArray(commonName) ? commonName : [commonName ?? "no name"];
  return first;
}
