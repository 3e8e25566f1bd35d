import { existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { openAddressRelay } from "./address-relay.ts";
import { bindOverLdaps } from "./ldap-bind.ts";
import { runCommand } from "./run-command.ts";

const AD_LAB = path.join(import.meta.dirname, "ad-lab");

export interface LabSettings {
  /** State directory; below the system's temporary one where absent. Two labs need two. */
  readonly state?: string;
  /** In 127.0.0.0/8; 127.0.0.10 where absent. */
  readonly address?: string;
  readonly realm?: string;
  readonly users?: number;
  /** Another lab's address, whose domain this one's controller can find: needed for a trust, on both sides. */
  readonly forwarder?: string;
  /** Begins with the seeded state, whatever an earlier run left behind: 3 s from an image. */
  readonly isFresh?: boolean;
  /** Where seeded states are kept for the next start; `null`: nowhere. */
  readonly images?: string | null;
}

/** How to reach the lab's controller. */
export interface LabFacts {
  readonly state: string;
  readonly address: string;
  readonly dcName: string;
  /** DNS name in lower case. */
  readonly domain: string;
  readonly netbios: string;
  readonly baseDn: string;
  readonly domainSid: string;
  readonly caFile: string;
  readonly caPem: string;
  /** An account that may read, and nothing more. */
  readonly readerUpn: string;
  /** An account that may also see deleted objects. */
  readonly replicatorUpn: string;
  readonly adminUpn: string;
  /** Of every account. */
  readonly password: string;
  /** Where the controller writes who logged on, one JSON object a line. */
  readonly authLog: string;
}

export interface LogOn {
  readonly user: string;
  /** The client's address, one of this machine's. */
  readonly from: string;
  readonly password?: string;
}

export interface Lab extends LabFacts {
  /** Logs on by an LDAP simple bind over TLS. Gives the LDAP result code: 0 success, 49 refused. */
  logOnLdap(who: LogOn): Promise<number>;
  /** Logs on with smbclient. False when the controller refused. */
  logOnSmb(who: LogOn): Promise<boolean>;
  addToGroup(user: string, group: string): Promise<void>;
  removeFromGroup(user: string, group: string): Promise<void>;
  setEnabled(user: string, isEnabled: boolean): Promise<void>;
  /** Ends the lock of an account after too many wrong passwords. */
  unlock(user: string): Promise<void>;
  addUser(user: string): Promise<void>;
  addGroup(group: string): Promise<void>;
  /** Deletes a user or a group. */
  deleteAccount(name: string): Promise<void>;
  renameGroup(group: string, to: string): Promise<void>;
  /** The SIDs of every group of a user, as the controller itself computes them. */
  tokenGroupsOf(user: string): Promise<readonly string[]>;
  /** Runs an LDIF as Administrator. */
  change(ldif: string): Promise<void>;
  /** The SID of an account or group. */
  sidOf(name: string): Promise<string>;
  /** Makes a two-way trust with another lab's domain; each must have the other as its forwarder. */
  trust(other: LabFacts): Promise<void>;
  stop(): Promise<void>;
}

export type LabOutcome =
  | { readonly kind: "ready"; readonly lab: Lab }
  /** A lab cannot be had here; the sentence says why and what it needs. */
  | { readonly kind: "absent"; readonly reason: string };

/**
 * Starts the lab's domain controller, or finds it running: 20 s the first time, 2 s from an image.
 *
 * Errors: `absent` where this machine cannot have one (no Linux, no root, packages that cannot be installed);
 *         throws when it could and the start failed.
 */
export async function startLab(settings: LabSettings = {}): Promise<LabOutcome> {
  const reason = whyNoLab();
  if (reason !== null) return { kind: "absent", reason };
  const env = environmentOf(settings);
  if (settings.isFresh === true) await runCommand(AD_LAB, ["reset"], { env });
  const started = await runCommand(AD_LAB, ["start"], { env });
  if (started.code !== 0) {
    const said = `${started.stderr}`.trim().split("\n").slice(-3).join(" ");
    if (/missing packages|apt-get failed/.test(said))
      return { kind: "absent", reason: `No Samba lab here: ${said}` };
    throw new Error(`start the Samba lab: ${said}`);
  }
  return { kind: "ready", lab: toLab(factsOf(started.stdout), env) };
}

/**
 * A lab for tests: in CI it must be there; elsewhere its absence is said in one sentence, and null is given.
 */
export async function labForTests(settings: LabSettings = {}): Promise<Lab | null> {
  const outcome = await startLab(settings);
  if (outcome.kind === "ready") return outcome.lab;
  if (process.env.CI) throw new Error(outcome.reason);
  console.info(`skipped: ${outcome.reason}`);
  return null;
}

function whyNoLab(): string | null {
  if (process.platform !== "linux") return "No Samba lab here: it runs on Linux only.";
  if (process.getuid?.() !== 0) return "No Samba lab here: it needs root, for low ports and packages.";
  if (!existsSync("/usr/bin/apt-get") && !existsSync("/usr/sbin/samba")) {
    return "No Samba lab here: it needs Debian or Ubuntu, or Samba installed.";
  }
  return null;
}

function environmentOf(settings: LabSettings): Record<string, string> {
  const root = path.join(tmpdir(), "rollcall-lab");
  const images = settings.images === undefined ? path.join(root, "images") : settings.images;
  return {
    AD_LAB_STATE: settings.state ?? path.join(root, "dc"),
    ...(settings.address === undefined ? {} : { AD_LAB_ADDR: settings.address }),
    ...(settings.realm === undefined ? {} : { AD_LAB_REALM: settings.realm }),
    ...(settings.forwarder === undefined ? {} : { AD_LAB_DNS_FORWARDER: settings.forwarder }),
    ...(settings.users === undefined ? {} : { AD_LAB_USERS: String(settings.users) }),
    ...(images === null ? {} : { AD_LAB_CACHE: images }),
  };
}

/** Reads what `ad-lab` prints. */
function factsOf(summary: string): LabFacts {
  const values = new Map<string, string>();
  for (const line of summary.split("\n")) {
    const equals = line.indexOf("=");
    if (equals > 0) values.set(line.slice(0, equals), line.slice(equals + 1).replace(/^'(.*)'$/, "$1"));
  }
  const value = (name: string): string => {
    const found = values.get(`AD_LAB_${name}`);
    if (found === undefined) throw new Error(`read the lab's summary: AD_LAB_${name} is missing`);
    return found;
  };
  return {
    state: value("STATE"),
    address: value("ADDR"),
    dcName: value("DC"),
    domain: value("DOMAIN"),
    netbios: value("NETBIOS"),
    baseDn: value("BASE_DN"),
    domainSid: value("DOMAIN_SID"),
    caFile: value("CA"),
    caPem: readFileSync(value("CA"), "utf8"),
    readerUpn: value("BIND_UPN"),
    replicatorUpn: value("DIRSYNC_UPN"),
    adminUpn: value("ADMIN_UPN"),
    password: value("PASSWORD"),
    authLog: value("AUTH_LOG"),
  };
}

function toLab(facts: LabFacts, env: Record<string, string>): Lab {
  const admin = ["-x", "-H", `ldaps://${facts.address}`, "-D", facts.adminUpn, "-w", facts.password];
  const ldap = async (program: string, args: readonly string[], input = "") => {
    const result = await runCommand(program, [...admin, ...args], {
      env: { LDAPTLS_CACERT: facts.caFile },
      input,
    });
    if (result.code !== 0)
      throw new Error(`${program} at the lab: ${result.stderr.trim().split("\n").join(" ")}`);
    return result.stdout;
  };
  const search = async (base: string, scope: "base" | "sub", filter: string, attributes: readonly string[]) =>
    ldap("ldapsearch", ["-LLL", "-o", "ldif-wrap=no", "-b", base, "-s", scope, filter, ...attributes]);
  const dnOf = async (name: string): Promise<string> => {
    const text = await search(facts.baseDn, "sub", `(sAMAccountName=${escapeFilter(name)})`, [
      "distinguishedName",
    ]);
    const [dn] = valuesOf(text, "distinguishedName");
    if (dn === undefined) throw new Error(`find ${name} in the lab's directory: there is none`);
    return dn.toString("utf8");
  };
  const change = async (ldif: string) => void (await ldap("ldapmodify", [], `${ldif}\n`));
  const modify = (dn: string, what: string) => change(`dn:: ${base64(dn)}\nchangetype: modify\n${what}`);
  const link = async (user: string, group: string, verb: "add" | "delete") => {
    const [member, dn] = await Promise.all([dnOf(user), dnOf(group)]);
    await modify(dn, `${verb}: member\nmember:: ${base64(member)}`);
  };
  return {
    ...facts,
    logOnLdap: ({ user, from, password = facts.password }) =>
      bindOverLdaps({
        host: facts.address,
        caPem: facts.caPem,
        from,
        user: `${user}@${facts.domain}`,
        password,
      }),
    async logOnSmb({ user, from, password = facts.password }) {
      const relay = await openAddressRelay(from, facts.address, 445);
      try {
        const share = `//${facts.dcName}/netlogon`;
        const who = `${facts.netbios}\\${user}%${password}`;
        const args = [share, "-I", "127.0.0.1", "-p", String(relay.port), "-U", who, "-c", "exit"];
        const { code } = await runCommand("smbclient", [...args, "--option=client min protocol=SMB2"]);
        return code === 0;
      } finally {
        await relay.close();
      }
    },
    addToGroup: (user, group) => link(user, group, "add"),
    removeFromGroup: (user, group) => link(user, group, "delete"),
    async setEnabled(user, isEnabled) {
      await modify(
        await dnOf(user),
        `replace: userAccountControl\nuserAccountControl: ${isEnabled ? 512 : 514}`,
      );
    },
    async unlock(user) {
      await modify(await dnOf(user), "replace: lockoutTime\nlockoutTime: 0");
    },
    async addUser(user) {
      const dn = `CN=${user},OU=Staff,OU=Lab,${facts.baseDn}`;
      const password = Buffer.from(`"${facts.password}"`, "utf16le").toString("base64");
      await change(
        `dn: ${dn}\nchangetype: add\nobjectClass: user\nsAMAccountName: ${user}\nuserPrincipalName: ${user}@${facts.domain}\nuserAccountControl: 512\nunicodePwd:: ${password}`,
      );
    },
    addGroup: (group) =>
      change(
        `dn: CN=${group},OU=Groups,OU=Lab,${facts.baseDn}\nchangetype: add\nobjectClass: group\nsAMAccountName: ${group}`,
      ),
    async deleteAccount(name) {
      await change(`dn:: ${base64(await dnOf(name))}\nchangetype: delete`);
    },
    async renameGroup(group, to) {
      await modify(await dnOf(group), `replace: sAMAccountName\nsAMAccountName: ${to}`);
    },
    async tokenGroupsOf(user) {
      const text = await search(await dnOf(user), "base", "(objectClass=*)", ["tokenGroups"]);
      return valuesOf(text, "tokenGroups").map(sidText);
    },
    change,
    async sidOf(name) {
      const text = await search(await dnOf(name), "base", "(objectClass=*)", ["objectSid"]);
      const [sid] = valuesOf(text, "objectSid");
      if (sid === undefined) throw new Error(`read the SID of ${name}: it has none`);
      return sidText(sid);
    },
    async trust(other) {
      const options = ["--type=external", "--direction=both", "--create-location=both"];
      const theirs = ["-U", `${other.adminUpn.toUpperCase()}%${other.password}`];
      const ours = ["--local-dc-username=administrator", `--local-dc-password=${facts.password}`];
      const create = ["samba-tool", "domain", "trust", "create", other.domain];
      const { code, stderr } = await runCommand(AD_LAB, ["exec", ...create, ...options, ...theirs, ...ours], {
        env,
      });
      if (code !== 0)
        throw new Error(`make a trust with ${other.domain}: ${stderr.trim().split("\n").at(-1)}`);
    },
    async stop() {
      await runCommand(AD_LAB, ["stop"], { env });
    },
  };
}

/** The values of one attribute in an LDIF answer, as bytes. */
function valuesOf(ldif: string, attribute: string): Buffer[] {
  const values: Buffer[] = [];
  for (const line of ldif.split("\n")) {
    if (line.startsWith(`${attribute}:: `))
      values.push(Buffer.from(line.slice(attribute.length + 3), "base64"));
    else if (line.startsWith(`${attribute}: `)) values.push(Buffer.from(line.slice(attribute.length + 2)));
  }
  return values;
}

/** Source: MS-DTYP 2.4.2.2 (documented). */
function sidText(bytes: Buffer): string {
  let text = `S-1-${bytes.readUIntBE(2, 6)}`;
  for (let at = 8; at < bytes.length; at += 4) text += `-${bytes.readUInt32LE(at)}`;
  return text;
}

function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}

/** Source: RFC 4515, section 3 (documented). */
function escapeFilter(text: string): string {
  return text.replaceAll(
    /[\\*()\0]/g,
    (character) => `\\${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}
