import { createHmac, hkdfSync, randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { chmod, link, mkdir, open, readFile, stat, unlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { type Authority, certificateSha256, createAuthority } from "./authority.ts";
import { type FileKey, fileKeyOf } from "./onboarding.ts";
import { newSigningSeed } from "./signing-key.ts";
import { createTenantCipher, type TenantCipher } from "./tenant-cipher.ts";

const KEYRING_FILE = "keyring.json";
const KEYRING_MAX_BYTES = 65_536;
const OTHERS = 0o077;

const authority = z.strictObject({ certPem: z.string().min(1), keyPem: z.string().min(1) });
const keyBytes = z.string().regex(/^[A-Za-z0-9_-]{43}$/, "32 bytes in base64url");
const keyring = z.strictObject({
  format: z.literal("rollcall-keyring"),
  version: z.literal(1),
  issuing: authority,
  firewall: authority,
  fileSigningSeed: keyBytes,
  kekId: z.string().min(1).max(32),
  kek: keyBytes,
  cursorMacKey: keyBytes,
  feedIssuer: z.string().regex(/^[0-9a-f]{16}$/, "16 hexadecimal digits"),
});
type Keyring = z.infer<typeof keyring>;

/** The keys of one installation; every web, gateway and worker process of it opens the same folder. */
export interface InstallationKeys extends TenantCipher {
  readonly folder: string;
  /** Signs agents' certificates and the certificate of the gateway's agents' listener. */
  readonly issuing: Authority;
  /** SHA-256 of the issuing authority's certificate: pinned in onboarding files, shown on both sides. */
  readonly issuingSha256: string;
  /** Signs the gateway's firewall-facing certificate where a customer has chosen no own name. */
  readonly firewall: Authority;
  /** Signs onboarding files. */
  readonly fileKey: FileKey;
  /** Who numbers the change feeds of this installation: 16 hex digits, the same for all of its gateways. */
  readonly feedIssuer: string;
  /** HMAC-SHA-256 over a cursor's bytes. */
  cursorMac(bytes: Uint8Array): Uint8Array;
  /** HMAC-SHA-256 over an enrolment nonce's bytes. */
  nonceMac(bytes: Uint8Array): Uint8Array;
}

/** The keys folder cannot be used. The message is one sentence with its remedy. */
export class KeysFolderError extends Error {
  readonly code = "keys-folder-unusable";
  readonly folder: string;
  constructor(folder: string, sentence: string, cause?: unknown) {
    super(sentence, { cause });
    this.name = "KeysFolderError";
    this.folder = folder;
  }
}

/**
 * Opens the installation's keys, and makes them where there are none.
 *
 * Shape:  a folder (mode 0700) with one file, `keyring.json` (mode 0600), and two public certificates beside it for
 *         people. Several processes may start at once: the first complete keyring wins and all read that one.
 * Errors: `KeysFolderError` where the folder or file can be read by others, cannot be read, or does not hold a keyring.
 *         An unreadable keyring is never replaced: a new one would cut off every agent and lose every stored secret.
 */
export async function openInstallationKeys(folder: string): Promise<InstallationKeys> {
  const file = path.join(folder, KEYRING_FILE);
  await usableFolder(folder);
  const text = (await readKeyring(folder, file)) ?? (await createKeyring(folder, file));
  return keysOf(folder, parseKeyring(folder, file, text));
}

async function usableFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new KeysFolderError(
      folder,
      `The keys folder ${folder} cannot be made (${codeOf(cause)}); name another by ROLLCALL_KEYS_DIR, or give this user the right to write there.`,
      cause,
    );
  }
  const found = await stat(folder);
  if (!found.isDirectory())
    throw new KeysFolderError(
      folder,
      `${folder} is a file, not a folder; name the keys folder by ROLLCALL_KEYS_DIR.`,
    );
  refuseOthers(folder, folder, found, "700");
}

async function readKeyring(folder: string, file: string): Promise<string | null> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(file, constants.O_RDONLY);
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return null;
    throw new KeysFolderError(
      folder,
      `The keys in ${file} cannot be read (${codeOf(cause)}); start as the user that owns the file, or give it back to this user.`,
      cause,
    );
  }
  try {
    const found = await handle.stat();
    refuseOthers(folder, file, found, "600");
    if (!found.isFile() || found.size > KEYRING_MAX_BYTES)
      throw new KeysFolderError(folder, `${file} is not a keyring; bring it back from a backup.`);
    return await handle.readFile("utf8");
  } finally {
    await handle.close();
  }
}

async function createKeyring(folder: string, file: string): Promise<string> {
  const now = Date.now();
  const fresh: Keyring = {
    format: "rollcall-keyring",
    version: 1,
    issuing: await createAuthority({ commonName: "Rollcall issuing CA", kind: "p256", now }),
    firewall: await createAuthority({ commonName: "Rollcall firewall CA", kind: "rsa2048", now }),
    fileSigningSeed: newSigningSeed(),
    kekId: randomBytes(4).toString("hex"),
    kek: randomBytes(32).toString("base64url"),
    cursorMacKey: randomBytes(32).toString("base64url"),
    feedIssuer: randomBytes(8).toString("hex"),
  };
  const draft = path.join(folder, `.${KEYRING_FILE}.${process.pid}.${randomBytes(4).toString("hex")}`);
  try {
    await writeFile(draft, `${JSON.stringify(fresh, null, 2)}\n`, { mode: 0o600, flag: "wx", flush: true });
    // A link fails where the name is taken: of several processes that start at once, one wins and none overwrites.
    await link(draft, file).catch((cause: unknown) => {
      if (codeOf(cause) !== "EEXIST") throw cause;
    });
    await unlink(draft);
    await syncFolder(folder);
  } catch (cause) {
    throw new KeysFolderError(
      folder,
      `The keys cannot be written to ${folder} (${codeOf(cause)}); free some space there or give this user the right to write.`,
      cause,
    );
  }
  const text = await readFile(file, "utf8");
  const kept = parseKeyring(folder, file, text);
  await writePublic(path.join(folder, "issuing-ca.pem"), kept.issuing.certPem);
  await writePublic(path.join(folder, "firewall-ca.pem"), kept.firewall.certPem);
  return text;
}

function parseKeyring(folder: string, file: string, text: string): Keyring {
  const broken = (cause: unknown) =>
    new KeysFolderError(
      folder,
      `${file} does not hold a whole keyring; bring it back from a backup (a new one would cut off every agent).`,
      cause,
    );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    // The parser's own message quotes what it read: keys must not reach a log.
    throw broken(new Error("not JSON", { cause: cause instanceof Error ? cause.name : undefined }));
  }
  const parsed = keyring.safeParse(value);
  if (!parsed.success) throw broken(new Error(parsed.error.issues.map((i) => i.path.join(".")).join(", ")));
  return parsed.data;
}

function keysOf(folder: string, ring: Keyring): InstallationKeys {
  const macKey = Buffer.from(ring.cursorMacKey, "base64url");
  const nonceKey = Buffer.from(hkdfSync("sha256", macKey, "", "rollcall/enrol-nonce/v1", 32));
  const mac = (key: Buffer, bytes: Uint8Array) =>
    new Uint8Array(createHmac("sha256", key).update(bytes).digest());
  return {
    folder,
    issuing: ring.issuing,
    issuingSha256: certificateSha256(ring.issuing.certPem),
    firewall: ring.firewall,
    fileKey: fileKeyOf(ring.fileSigningSeed),
    feedIssuer: ring.feedIssuer,
    cursorMac: (bytes) => mac(macKey, bytes),
    nonceMac: (bytes) => mac(nonceKey, bytes),
    ...createTenantCipher({ id: ring.kekId, key: Buffer.from(ring.kek, "base64url") }),
  };
}

function refuseOthers(
  folder: string,
  what: string,
  found: { mode: number; uid: number },
  wanted: string,
): void {
  if (process.platform === "win32" || (found.mode & OTHERS) === 0) return;
  const mode = (found.mode & 0o777).toString(8);
  throw new KeysFolderError(
    folder,
    `${what} can be read by other users (mode ${mode}); run \`chmod ${wanted} ${what}\` and, if others may have read it, make new keys.`,
  );
}

async function writePublic(file: string, pem: string): Promise<void> {
  await writeFile(file, pem, { mode: 0o600 });
  await chmod(file, 0o600);
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && "code" in cause && typeof cause.code === "string"
    ? cause.code
    : "unknown fault";
}
