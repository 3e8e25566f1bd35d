import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";

/** A program from the distribution that some checks run against. */
export interface Peer {
  readonly name: string;
  readonly packages: readonly string[];
  /** These say that it is there: programs, or other files by their way from a folder of programs. */
  readonly programs: readonly string[];
  readonly usedFor: string;
}

export const peers: readonly Peer[] = [
  {
    name: "Chromium",
    packages: ["chromium", "fonts-liberation"],
    programs: ["chromium"],
    usedFor: "the browser test",
  },
  {
    name: "Redis",
    packages: ["redis-server"],
    programs: ["redis-server"],
    usedFor: "the queue and the bell on Redis",
  },
  {
    name: "xmllint",
    packages: ["libxml2-utils"],
    programs: ["xmllint"],
    usedFor: "the check of each post against its schema",
  },
  { name: "rsyslog", packages: ["rsyslog"], programs: ["rsyslogd"], usedFor: "a real syslog sender" },
  {
    name: "Samba Active Directory",
    packages: [
      "samba",
      "samba-ad-dc",
      "samba-ad-provision",
      "samba-dsdb-modules",
      "samba-vfs-modules",
      "winbind",
      "python3-samba",
      "ldb-tools",
      "smbclient",
      "krb5-user",
      "ldap-utils",
      "openssl",
      "iproute2",
    ],
    programs: ["samba"],
    usedFor: "a real directory",
  },
  {
    name: "clients of Windows protocols",
    packages: ["python3-impacket", "python3-gssapi", "python3-winrm", "samba-testsuite"],
    programs: [
      "ndrdump",
      ...["impacket", "gssapi", "winrm"].map((name) => `../lib/python3/dist-packages/${name}`),
    ],
    usedFor: "the check of our Windows test servers by clients nobody here wrote",
  },
];

export function isInstalled(peer: Peer): boolean {
  return peer.programs.every((program) =>
    ["/usr/sbin", "/usr/bin", "/usr/local/bin", "/usr/local/sbin"].some((folder) =>
      existsSync(path.join(folder, program)),
    ),
  );
}

/**
 * Installs the missing peers where this user may (root on Debian or Ubuntu).
 * Gives the sentences for those still missing; in CI any of them is a failure.
 */
export function ensurePeers(say: (sentence: string) => void): string[] {
  const missing = peers.filter((peer) => !isInstalled(peer));
  if (missing.length === 0) return [];
  const mayInstall = process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");
  if (mayInstall) {
    say(`installing ${missing.map((peer) => peer.name).join(", ")} from the distribution …`);
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    // A package's own daemon would listen everywhere: where nothing forbids it to start, forbid it for this call.
    const policy = "/usr/sbin/policy-rc.d";
    const mine = !existsSync(policy);
    if (mine) spawnSync("sh", ["-c", `printf '#!/bin/sh\\nexit 101\\n' > ${policy} && chmod 755 ${policy}`]);
    const update = spawnSync("apt-get", ["-qq", "-o", "DPkg::Lock::Timeout=600", "update"], {
      env,
      encoding: "utf8",
    });
    const install = spawnSync(
      "apt-get",
      [
        "-qq",
        "-y",
        "-o",
        "DPkg::Lock::Timeout=600",
        "--no-install-recommends",
        "install",
        ...missing.flatMap((peer) => peer.packages),
      ],
      { env, encoding: "utf8" },
    );
    if (mine) spawnSync("rm", ["-f", policy]);
    if (install.status !== 0)
      say(`${update.stderr ?? ""}\n${install.stderr ?? ""}`.trim().split("\n").slice(-5).join("\n"));
  }
  return peers
    .filter((peer) => !isInstalled(peer))
    .map(
      (peer) =>
        `${peer.name} is not installed (${peer.packages.slice(0, 3).join(" ")}…), so ${peer.usedFor} is skipped.`,
    );
}
