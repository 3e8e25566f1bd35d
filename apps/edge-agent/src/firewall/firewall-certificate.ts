import { X509Certificate } from "node:crypto";
import { hostname } from "node:os";
import { createAuthority, isServerName, issueServerCertificate } from "@rollcall/pki";
import { z } from "zod";
import { parseJson, readStateFile } from "../enrolment/identity.ts";
import { isNodeError, writeFileAtomically } from "../state/atomic-file.ts";
import type { StateFolder } from "../state/state-folder.ts";

const DAY_MS = 86_400_000;

const tlsFile = z.strictObject({
  format: z.literal("rollcall-firewall-tls"),
  version: z.literal(1),
  /** Who signed it: the customer's SRX CA through the portal, or an authority of this agent's own. */
  origin: z.enum(["portal", "own"]),
  keyPem: z.string().min(1),
  certificatePem: z.string().min(1),
  caPem: z.string().min(1),
  /** What it was asked for, so that a change of names asks for another. */
  names: z.array(z.string()),
});
export type FirewallTls = z.infer<typeof tlsFile>;

const authorityFile = z.strictObject({ certPem: z.string().min(1), keyPem: z.string().min(1) });

/** The certificate that firewalls see, where there is a usable one. A damaged file counts as none: it can be made anew. */
export function readFirewallTls(folder: StateFolder): FirewallTls | null {
  const text = readStateFile(folder.firewallTls, "firewall-tls-unreadable");
  const parsed = text === null ? null : tlsFile.safeParse(parseJson(text));
  return parsed?.success && notAfterOf(parsed.data) !== null ? parsed.data : null;
}

export function writeFirewallTls(folder: StateFolder, tls: FirewallTls): void {
  writeFileAtomically(folder.firewallTls, `${JSON.stringify(tls, null, 2)}\n`);
}

/** When a certificate ends, epoch ms; null for a text that is none. */
export function notAfterOf(tls: Pick<FirewallTls, "certificatePem">): number | null {
  try {
    return new X509Certificate(tls.certificatePem).validToDate.getTime();
  } catch {
    return null;
  }
}

/** True from the last third of its life on: then another is asked for. */
export function isDueForRenewal(tls: FirewallTls, now: number): boolean {
  const certificate = new X509Certificate(tls.certificatePem);
  const from = certificate.validFromDate.getTime();
  const until = certificate.validToDate.getTime();
  return now >= until - (until - from) / 3;
}

/** What firewalls call this machine, where nobody has said: its host name, and the address it listens on. */
export function ownNames(configured: readonly string[], listenHost: string): string[] {
  const usable = configured.filter(isServerName);
  if (usable.length > 0) return [...new Set(usable)];
  const names = [hostname(), listenHost].filter(
    (name) => isServerName(name) && name !== "0.0.0.0" && name !== "::",
  );
  return names.length > 0 ? [...new Set(names)] : ["rollcall-agent"];
}

/**
 * Makes a certificate of the agent's own authority, for an agent without a portal and until the portal's has come.
 * The authority is made once and kept, so that a firewall that was given it goes on trusting what comes after.
 */
export async function makeOwnTls(
  folder: StateFolder,
  names: readonly string[],
  now: number,
): Promise<FirewallTls> {
  const tls = await issueOwnTls(folder, names, now);
  writeFirewallTls(folder, tls);
  return tls;
}

/** A certificate of the agent's own authority that is not kept: for a listener that stands for an hour. */
export async function issueOwnTls(
  folder: StateFolder,
  names: readonly string[],
  now: number,
): Promise<FirewallTls> {
  const authority = await openOwnAuthority(folder, now);
  const issued = await issueServerCertificate({ authority, kind: "rsa2048", names, now, days: 397 });
  return {
    format: "rollcall-firewall-tls",
    version: 1,
    origin: "own",
    keyPem: issued.keyPem,
    certificatePem: issued.certPem,
    caPem: authority.certPem,
    names: [...names],
  };
}

async function openOwnAuthority(folder: StateFolder, now: number): Promise<z.infer<typeof authorityFile>> {
  const text = readStateFile(folder.ownAuthority, "own-authority-unreadable");
  const found = text === null ? null : authorityFile.safeParse(parseJson(text));
  const authority =
    found?.success && new X509Certificate(found.data.certPem).validToDate.getTime() > now + 400 * DAY_MS
      ? found.data
      : await makeAuthority(folder, now);
  writePublic(folder, authority.certPem);
  return authority;
}

async function makeAuthority(folder: StateFolder, now: number): Promise<z.infer<typeof authorityFile>> {
  const made = await createAuthority({
    commonName: `Rollcall agent ${hostname()}`.slice(0, 64),
    kind: "rsa2048",
    now,
  });
  writeFileAtomically(folder.ownAuthority, `${JSON.stringify(made, null, 2)}\n`);
  return made;
}

function writePublic(folder: StateFolder, pem: string): void {
  try {
    writeFileAtomically(folder.ownAuthorityCertificate, pem, 0o644);
  } catch (error) {
    // The copy for people can be written at the next start; the certificate itself is in place.
    if (!isNodeError(error)) throw error;
  }
}
