import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { SecretRef, SiteConfig } from "@rollcall/agent-protocol";
import { realmOf } from "@rollcall/collectors/login-port";
import { readXml } from "@rollcall/collectors/wef";
import type { ConfigIssue } from "@rollcall/config";
import { faultOfShare, faultOfSwitch } from "@rollcall/event-rules";
import { isTooWideToAsk } from "@rollcall/identity-core";

/** Checks that hold for every part of a configuration; what they find they note themselves. */
export interface SiteChecks {
  range(text: string, at: string): void;
  space(id: string, at: string): void;
  secretFile(secret: SecretRef | undefined, at: string): void;
}

/**
 * Checks what a configuration says of Windows: logins and who uses them, directories, event logs, forwarding, the probe.
 *
 * Shape:  the faults found here; those of addresses, spaces and files are noted by `checks`.
 * Errors: none thrown.
 */
export function checkWindows(site: SiteConfig, checks: SiteChecks): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  const logins = new Map(site.credentials.map((credential) => [credential.id, credential]));
  const login = (id: string, at: string): void => {
    if (logins.has(id)) return;
    const known = [...logins.keys()].join(", ");
    issues.push({
      path: at,
      problem: `there is no credential "${id}"`,
      remedy: known === "" ? "add it to credentials" : `known here: ${known}`,
    });
  };
  const repeated = (values: readonly string[], at: string): void => {
    for (const [index, value] of values.entries())
      if (values.indexOf(value) < index)
        issues.push({ path: `${at}[${index}]`, problem: `"${value}" is there twice`, remedy: "remove one" });
  };

  const ids = site.credentials.map(({ id }) => id);
  for (const [index, credential] of site.credentials.entries()) {
    const at = `credentials[${index}]`;
    if (ids.indexOf(credential.id) < index)
      issues.push({
        path: `${at}.id`,
        problem: `the id "${credential.id}" is used twice`,
        remedy: "give each its own id",
      });
    checks.secretFile(credential.password, `${at}.password`);
    const isForKerberos =
      site.eventSources.some(({ credentialId }) => credentialId === credential.id) ||
      site.pcProbe?.credentialIds.includes(credential.id) === true;
    const saysRealm = credential.realm !== undefined || realmOf(credential.user) !== null;
    if (isForKerberos && !saysRealm && !credential.allowNtlm)
      issues.push({
        path: `${at}.user`,
        problem: `"${credential.user}" does not say its Kerberos realm`,
        remedy: "write user@corp.example, or set realm",
      });
  }

  for (const [index, directory] of site.directories.entries()) {
    const at = `directories[${index}]`;
    const { credentialId, bindUser, bindPassword } = directory;
    checks.secretFile(bindPassword, `${at}.bindPassword`);
    if (credentialId !== undefined) login(credentialId, `${at}.credentialId`);
    if (credentialId !== undefined && (bindUser !== undefined || bindPassword !== undefined))
      issues.push({
        path: `${at}.credentialId`,
        problem: "there is a login of its own beside the credential",
        remedy: "keep credentialId, or bindUser and bindPassword",
      });
    if (directory.bind === "kerberos") {
      const shared = credentialId === undefined ? undefined : logins.get(credentialId);
      const user = shared?.user ?? bindUser;
      if (directory.tls === "none")
        issues.push({
          path: `${at}.bind`,
          problem: "Kerberos is used inside of TLS only, and the connection has none",
          remedy: "choose ldaps or starttls",
        });
      if (user !== undefined && shared?.realm === undefined && realmOf(user) === null)
        issues.push({
          path: `${at}.bind`,
          problem: `"${user}" does not say its Kerberos realm`,
          remedy: "write user@corp.example, or name a credential with a realm",
        });
    }
    if (credentialId === undefined && (bindUser === undefined || bindPassword === undefined))
      issues.push({
        path: `${at}.${bindUser === undefined ? "bindUser" : "bindPassword"}`,
        problem: "nobody is named to read it with",
        remedy: "set bindUser and bindPassword, or credentialId",
      });
  }

  for (const [index, source] of site.eventSources.entries()) {
    const at = `eventSources[${index}]`;
    checks.space(source.addressSpaceId, `${at}.addressSpaceId`);
    login(source.credentialId, `${at}.credentialId`);
    if (isIP(source.host) !== 0 && logins.get(source.credentialId)?.allowNtlm === false)
      issues.push({
        path: `${at}.host`,
        problem: `Kerberos cannot log in at an address, and the credential does not allow NTLM`,
        remedy: "write the server's full DNS name",
      });
    issues.push(...checkSwitches(source, at));
    for (const [i, share] of source.shares.entries()) {
      const fault = faultOfShare(share);
      if (fault !== null) issues.push({ path: `${at}.shares[${i}]`, ...fault });
    }
    if (source.kind !== "event-collector" && (source.channelPath ?? "Security").toLowerCase() !== "security")
      issues.push({
        path: `${at}.channelPath`,
        problem: `logons of such a server stand in its log Security, not in ${source.channelPath}`,
        remedy:
          "leave channelPath out; where other computers forward to that log, choose kind event-collector",
      });
    const both = source.rulesOn.filter((rule) => source.rulesOff.includes(rule));
    for (const rule of both)
      issues.push({
        path: `${at}.rulesOn`,
        problem: `"${rule}" is switched on and off`,
        remedy: "remove it from one of the lists",
      });
  }

  const { wefReceiver, pcProbe } = site;
  if (wefReceiver !== null) {
    checks.space(wefReceiver.addressSpaceId, "wefReceiver.addressSpaceId");
    issues.push(...checkSwitches(wefReceiver, "wefReceiver"));
    repeated(wefReceiver.channels, "wefReceiver.channels");
    // It is written into a larger document: what is no document itself would break that for every computer.
    const query = wefReceiver.query === undefined ? null : readXml(wefReceiver.query);
    if (query !== null && (query.kind === "refused" || query.root.local !== "QueryList"))
      issues.push({
        path: "wefReceiver.query",
        problem: "it is no structured query",
        remedy: "write <QueryList>…</QueryList>, as the XML tab of the Event Viewer gives it",
      });
    if (!isReadablePem(wefReceiver.clientCaPem))
      issues.push({
        path: "wefReceiver.clientCaPem",
        problem: "it holds no certificate that can be read",
        remedy: "paste the PEM, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----",
      });
  }
  if (pcProbe !== null) {
    checks.space(pcProbe.addressSpaceId, "pcProbe.addressSpaceId");
    for (const [i, id] of pcProbe.credentialIds.entries()) login(id, `pcProbe.credentialIds[${i}]`);
    for (const [i, text] of pcProbe.include.entries()) checks.range(text, `pcProbe.include[${i}]`);
    for (const [i, text] of pcProbe.exclude.entries()) checks.range(text, `pcProbe.exclude[${i}]`);
    for (const [i, text] of pcProbe.include.entries())
      if (isTooWideToAsk(text))
        issues.push({
          path: `pcProbe.include[${i}]`,
          problem: `"${text}" is wider than any network of workstations: a login would be carried everywhere`,
          remedy: "name the ranges of your workstations, none wider than a /8 (IPv6: a /16)",
        });
    repeated(pcProbe.credentialIds, "pcProbe.credentialIds");
    repeated(pcProbe.methods, "pcProbe.methods");
  }
  for (const [i, rule] of site.settings.eventRulesOff.entries()) {
    const fault = faultOfSwitch(rule);
    if (fault !== null) issues.push({ path: `settings.eventRulesOff[${i}]`, ...fault });
  }
  for (const [i, text] of site.settings.infrastructure.entries())
    checks.range(text, `settings.infrastructure[${i}]`);
  return issues;
}

/** Rules that are switched must be there: a mistyped id would switch nothing, in silence. */
function checkSwitches(
  source: { readonly rulesOff: readonly string[]; readonly rulesOn: readonly string[] },
  at: string,
): ConfigIssue[] {
  return (["rulesOff", "rulesOn"] as const).flatMap((list) =>
    source[list].flatMap((id, index) => {
      const fault = faultOfSwitch(id);
      return fault === null ? [] : [{ path: `${at}.${list}[${index}]`, ...fault }];
    }),
  );
}

function isReadablePem(text: string): boolean {
  const certificates = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    for (const certificate of certificates) new X509Certificate(certificate);
    return certificates.length > 0;
  } catch {
    return false;
  }
}
