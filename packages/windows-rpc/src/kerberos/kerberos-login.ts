import { randomBytes } from "node:crypto";
import { SecurityFault } from "../auth/security-context.ts";
import { AES256, checksumKey, decrypt, isKnownEtype, type KerberosKey, mac, stringToKey } from "./aes-cts.ts";
import { askKdcs, findKdcs, type KdcAddress, type KdcAnswer, type KdcSearch } from "./kdc-client.ts";
import { KDC_ERROR, kdcErrorName } from "./kdc-error-names.ts";
import {
  decodeError,
  decodeEtypes,
  decodeKdcReply,
  decodeReplyPart,
  type EtypeInfo,
  encodeApRequest,
  encodeAsRequest,
  encodeRequestBody,
  encodeTgsRequest,
  encodeTimestamp,
  type KdcReply,
  type KerberosError,
  NAME_TYPE,
  nameText,
  type PrincipalName,
  serviceName,
  tgsChecksumType,
  USAGE,
} from "./kerberos-messages.ts";

/** A key distribution centre, or a server, said no; `kdcCode` and `kdcName` are its words. */
export class KerberosRefusal extends Error {
  override readonly name = "KerberosRefusal";
  readonly code = "kerberos-refused";
  readonly kdcCode: number;
  readonly kdcName: string;
  /** What was asked: for the account's own ticket, or for one of a service. */
  readonly step: "login" | "service" | "server";
  /** The status of Windows behind it, where it was told. */
  readonly ntStatus: number | null;
  /** The password was shown before this was said. */
  readonly wasShown: boolean;

  constructor(
    step: KerberosRefusal["step"],
    attempted: string,
    kdcCode: number,
    {
      ntStatus = null,
      wasShown = false,
    }: { readonly ntStatus?: number | null; readonly wasShown?: boolean } = {},
  ) {
    super(`${attempted}: ${kdcErrorName(kdcCode)}`);
    this.step = step;
    this.ntStatus = ntStatus;
    this.wasShown = wasShown;
    this.kdcCode = kdcCode;
    this.kdcName = kdcErrorName(kdcCode);
  }
}

export interface KerberosIdentity {
  /** The account's name, or a UPN; a UPN of another suffix is looked up by the realm itself. */
  readonly user: string;
  readonly realm: string;
  readonly password: string;
}

export interface KerberosSettings extends KdcSearch {
  /** Of other realms in a trust, by name; DNS is asked where a realm is not among them. */
  readonly kdcsByRealm?: Readonly<Record<string, readonly string[]>>;
  readonly nowMs?: () => number;
}

/** A ticket and what is needed to use it. */
export interface Ticket {
  readonly ticket: Buffer;
  readonly key: KerberosKey;
  readonly clientRealm: string;
  readonly client: PrincipalName;
  readonly endsAtMs: number;
}

/** Asked for this long, and got as the domain allows: ten hours as a rule. */
const LIFE_MS = 24 * 3_600_000;
/** A ticket is replaced this long before it ends, so that none ends on the way. */
const RENEW_BEFORE_MS = 5 * 60_000;
/** One at hand is used up to this long before it ends: a connection is opened at once. */
const AT_HAND_MS = 60_000;
const REFERRALS_MAX = 8;
const SERVICES_MAX = 1_000;

/**
 * One account's tickets: the login is made once and used until shortly before it ends.
 *
 * Holds the password for as long as it lives, and every ticket. Promises that a password which was refused is never sent
 * again by the same object: accounts are not locked by patience. Deliberately offers AES only; RC4 keys are passwords.
 */
export class KerberosLogin {
  readonly #identity: KerberosIdentity;
  readonly #settings: KerberosSettings;
  readonly #services = new Map<string, Ticket>();
  #granting: Ticket | null = null;
  #pending: Promise<Ticket> | null = null;
  #refusal: KerberosRefusal | null = null;
  #clockOffsetMs = 0;
  #tick = 0;

  constructor(identity: KerberosIdentity, settings: KerberosSettings) {
    this.#identity = { ...identity, realm: identity.realm.toUpperCase() };
    this.#settings = settings;
  }

  get realm(): string {
    return this.#identity.realm;
  }

  /** How far the domain's clock is before ours, once it was found to differ too much. */
  get clockOffsetMs(): number {
    return this.#clockOffsetMs;
  }

  /** The domain's time. */
  nowMs(): number {
    return this.#ownNowMs() + this.#clockOffsetMs;
  }

  /** A number that differs from call to call. */
  nextTick(): number {
    this.#tick += 1;
    return this.#tick;
  }

  /** Takes the domain's clock from what a server said of it. */
  setClock(serverTimeMs: number): void {
    this.#clockOffsetMs = serverTimeMs - this.#ownNowMs();
  }

  /**
   * A ticket for a service such as `HOST/dc1.corp.example`, from memory where one is good.
   * Errors: `KerberosRefusal`, `NoKdcError`, `SecurityFault` for answers that are none or do not verify.
   */
  async ticketFor(spn: string): Promise<Ticket> {
    const held = this.#services.get(spn.toLowerCase());
    if (held !== undefined && this.#isGood(held)) return held;
    const ticket = await this.#askForService(spn);
    if (this.#services.size >= SERVICES_MAX) this.#services.clear();
    this.#services.set(spn.toLowerCase(), ticket);
    return ticket;
  }

  /** A ticket that was got before and is still good, if not for long; null where there is none. */
  ticketAtHand(spn: string): Ticket | null {
    const held = this.#services.get(spn.toLowerCase());
    return held !== undefined && held.endsAtMs - AT_HAND_MS > this.nowMs() ? held : null;
  }

  /** Drops a service's ticket, because the server did not take it: it may have a new key. */
  forget(spn: string): void {
    this.#services.delete(spn.toLowerCase());
  }

  #ownNowMs(): number {
    return (this.#settings.nowMs ?? Date.now)();
  }

  #isGood({ endsAtMs }: Ticket): boolean {
    return endsAtMs - RENEW_BEFORE_MS > this.nowMs();
  }

  /** Callers that come at once share one login. */
  #grantingTicket(): Promise<Ticket> {
    if (this.#granting !== null && this.#isGood(this.#granting)) return Promise.resolve(this.#granting);
    if (this.#refusal !== null) return Promise.reject(this.#refusal);
    this.#pending ??= this.#logIn().finally(() => {
      this.#pending = null;
    });
    return this.#pending;
  }

  async #logIn(): Promise<Ticket> {
    let { realm } = this.#identity;
    const client = clientName(this.#identity);
    for (let round = 0; round < REFERRALS_MAX; round += 1) {
      const outcome = await this.#logInAt(realm, client);
      if (!("wrongRealm" in outcome)) {
        this.#granting = outcome;
        return outcome;
      }
      realm = outcome.wrongRealm;
    }
    throw new SecurityFault("realms that refer to each other for ever");
  }

  async #logInAt(realm: string, client: PrincipalName): Promise<Ticket | { readonly wrongRealm: string }> {
    const kdcs = await this.#kdcsOf(realm);
    const request = () =>
      this.#requestOf(client, realm, { type: NAME_TYPE.service, parts: ["krbtgt", realm] });
    const first = request();
    const answer = await this.#ask(kdcs, encodeAsRequest(first.body, null));
    // The proof goes to the one that asked for it; to another only where that one cannot be reached any more.
    const inTurn = [answer.kdc, ...kdcs.filter((kdc) => kdc !== answer.kdc)];
    let { reply } = answer;
    let { nonce } = first;
    let error = decodeError(reply);
    let key: KerberosKey | null = null;
    if (error?.code === KDC_ERROR.preauthRequired) {
      key = await this.#passwordKey(decodeEtypes(error.data), realm);
      ({ reply, nonce } = await this.#proveAndAsk(inTurn, request, key));
      error = decodeError(reply);
      if (error?.code === KDC_ERROR.skew) {
        // The password was right, else the time in it could not be read: this is no second attempt.
        this.setClock(error.serverTimeMs);
        ({ reply, nonce } = await this.#proveAndAsk(inTurn, request, key));
        error = decodeError(reply);
      }
    }
    if (error?.code === KDC_ERROR.wrongRealm && error.clientRealm !== null && error.clientRealm !== realm)
      return { wrongRealm: error.clientRealm };
    if (error !== null) throw this.#loginRefusal(error, key !== null);
    const decoded = decodeKdcReply(reply, 11);
    key ??= await this.#passwordKey(decoded.etypes, realm);
    return toTicket(decoded, key, USAGE.asReply, nonce);
  }

  async #proveAndAsk(
    kdcs: readonly KdcAddress[],
    request: () => { readonly body: Buffer; readonly nonce: number },
    key: KerberosKey,
  ) {
    const { body, nonce } = request();
    const message = encodeAsRequest(body, encodeTimestamp(key, this.nowMs()));
    // Whatever the answer is: the next would be shown the same password once more.
    const { reply } = await askKdcs(kdcs, message, { ...this.#settings, provesPassword: true });
    return { nonce, reply };
  }

  #loginRefusal({ code, ntStatus }: KerberosError, wasShown = false): KerberosRefusal {
    const { user, realm } = this.#identity;
    const refusal = new KerberosRefusal("login", `log in as ${user} in ${realm}`, code, {
      ntStatus,
      wasShown,
    });
    if (REFUSALS_THAT_STAY.includes(code)) this.#refusal = refusal;
    return refusal;
  }

  async #passwordKey(offered: readonly EtypeInfo[], realm: string): Promise<KerberosKey> {
    const { user, password } = this.#identity;
    const usable = offered.filter(({ etype }) => isKnownEtype(etype));
    if (offered.length > 0 && usable.length === 0) throw this.#loginRefusal(noEtype(this.nowMs()));
    const [best] = [...usable].sort((left, right) => right.etype - left.etype);
    const salt = best?.salt ?? `${realm}${user.split("@")[0]}`;
    return stringToKey(best?.etype ?? AES256, password, salt, best?.parameters ?? null);
  }

  async #askForService(spn: string): Promise<Ticket> {
    const server = serviceName(spn);
    let granting = await this.#grantingTicket();
    let realm = granting.clientRealm;
    for (let round = 0; round < REFERRALS_MAX; round += 1) {
      const { ticket, given } = await this.#askForTicket(granting, realm, server, spn);
      const next = referredRealm(given, server);
      if (next === null) return ticket;
      if (next === realm) break;
      granting = ticket;
      realm = next;
    }
    throw new SecurityFault(`realms that refer to each other for ${spn} for ever`);
  }

  async #askForTicket(granting: Ticket, realm: string, server: PrincipalName, spn: string) {
    const kdcs = await this.#kdcsOf(realm);
    const ask = async () => {
      const { body, nonce } = this.#requestOf(null, realm, server);
      const checksum = {
        type: tgsChecksumType(granting.key),
        bytes: mac(checksumKey(granting.key, USAGE.tgsChecksum), body),
      };
      const { clientRealm, client, key } = granting;
      const parts = { clientRealm, client, nowMs: this.nowMs(), tick: this.nextTick(), checksum };
      const proof = encodeApRequest(granting.ticket, key, USAGE.tgsAuthenticator, 0, parts);
      const { reply } = await this.#ask(kdcs, encodeTgsRequest(body, proof));
      return { nonce, reply };
    };
    let { nonce, reply } = await ask();
    let error = decodeError(reply);
    if (error?.code === KDC_ERROR.skew) {
      this.setClock(error.serverTimeMs);
      ({ nonce, reply } = await ask());
      error = decodeError(reply);
    }
    if (error !== null) {
      // The ticket of the login may have ended or been withdrawn: the next call makes a fresh one.
      if (error.code === KDC_ERROR.ticketExpired || error.code === KDC_ERROR.badIntegrity)
        this.#granting = null;
      throw new KerberosRefusal("service", `ask ${realm} for a ticket to ${spn}`, error.code);
    }
    const decoded = decodeKdcReply(reply, 13);
    const part = openReply(decoded, granting.key, USAGE.tgsReplySessionKey, nonce);
    return { ticket: ticketOf(decoded, part), given: part.server };
  }

  #requestOf(client: PrincipalName | null, realm: string, server: PrincipalName) {
    const nonce = randomBytes(4).readUInt32BE(0) & 0x7fff_ffff;
    const tillMs = this.nowMs() + LIFE_MS;
    return { nonce, body: encodeRequestBody({ client, realm, server, tillMs, nonce }) };
  }

  #kdcsOf(realm: string): Promise<readonly KdcAddress[]> {
    const isHome = realm.toUpperCase() === this.#identity.realm;
    const named = Object.entries(this.#settings.kdcsByRealm ?? {}).find(
      ([name]) => name.toUpperCase() === realm.toUpperCase(),
    );
    return findKdcs(realm, { ...this.#settings, kdcs: named?.[1] ?? (isHome ? this.#settings.kdcs : []) });
  }

  async #ask(kdcs: readonly KdcAddress[], message: Buffer): Promise<KdcAnswer> {
    for (let left = kdcs; ; ) {
      const answer = await askKdcs(left, message, this.#settings);
      left = left.slice(left.indexOf(answer.kdc) + 1);
      // One that is starting says so; the next may be further.
      const isAway = decodeError(answer.reply)?.code === KDC_ERROR.unavailable;
      if (!isAway || left.length === 0) return answer;
    }
  }
}

/** What more attempts with the same password would only make worse. */
const REFUSALS_THAT_STAY: readonly number[] = [
  KDC_ERROR.preauthFailed,
  KDC_ERROR.badIntegrity,
  KDC_ERROR.clientRevoked,
  KDC_ERROR.keyExpired,
  KDC_ERROR.etype,
];

function noEtype(nowMs: number): KerberosError {
  return { code: KDC_ERROR.etype, serverTimeMs: nowMs, clientRealm: null, data: null, ntStatus: null };
}

function clientName({ user, realm }: KerberosIdentity): PrincipalName {
  const [name = user, suffix] = user.split("@");
  const isOfRealm = suffix === undefined || suffix.toUpperCase() === realm;
  return isOfRealm
    ? { type: NAME_TYPE.principal, parts: [name] }
    : { type: NAME_TYPE.enterprise, parts: [user] };
}

/** The realm that a ticket leads on to, where it is not yet for the service itself. */
function referredRealm(given: PrincipalName, wanted: PrincipalName): string | null {
  const [first, realm] = given.parts;
  if (first?.toLowerCase() !== "krbtgt" || realm === undefined) return null;
  return nameText(given).toLowerCase() === nameText(wanted).toLowerCase() ? null : realm;
}

function openReply(reply: KdcReply, key: KerberosKey, usage: number, nonce: number) {
  if (reply.encrypted.etype !== key.etype) throw new SecurityFault("a reply under a key of another type");
  const part = decodeReplyPart(decrypt(key, usage, reply.encrypted.cipher));
  if (part.nonce !== nonce) throw new SecurityFault("a reply to another question");
  return part;
}

function toTicket(reply: KdcReply, key: KerberosKey, usage: number, nonce: number): Ticket {
  return ticketOf(reply, openReply(reply, key, usage, nonce));
}

function ticketOf(reply: KdcReply, part: ReturnType<typeof decodeReplyPart>): Ticket {
  return {
    ticket: reply.ticket,
    key: part.key,
    clientRealm: reply.clientRealm,
    client: reply.client,
    endsAtMs: part.endsAtMs,
  };
}
