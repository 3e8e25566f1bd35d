import { isIP } from "node:net";
import { createKerberosContext, type KerberosUse } from "../kerberos/kerberos-context.ts";
import { KerberosLogin } from "../kerberos/kerberos-login.ts";
import { createNtlmContext } from "../ntlm/ntlm-context.ts";
import { createNegotiateContext } from "../spnego/negotiate-context.ts";
import { type LoginRefusal, type LoginRefusalReason, loginRefusal, refusalOf } from "./refusals.ts";
import type { Mechanism, SecurityContext } from "./security-context.ts";

export interface LoginRequest {
  /** The server by its full DNS name; with an address only NTLM is left. */
  readonly host: string;
  /** Of the service: `HOST` for event logs and DCOM, `HTTP` for WinRM, `ldap` for directories. */
  readonly spnClass: string;
  readonly user: string;
  readonly password: string;
  /** The domain's DNS name. */
  readonly realm: string;
  /** NetBIOS name of the domain for NTLM; the first label of `realm` where absent. */
  readonly domain?: string;
  /** Key distribution centres of `realm`; DNS is asked where absent. */
  readonly kdcs?: readonly string[];
  readonly kdcsByRealm?: Readonly<Record<string, readonly string[]>>;
  readonly allowNtlm: boolean;
  readonly use?: KerberosUse;
  /** Puts the login into SPNEGO. Always so for HTTP and LDAP by Kerberos; for RPC where a server takes nothing else. */
  readonly negotiate?: boolean;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** The account's tickets from an earlier login; one object for each credential and realm. */
  readonly tickets?: KerberosLogin;
}

export type LoginOutcome =
  | {
      readonly kind: "ready";
      readonly by: "kerberos" | "ntlm";
      /** For one connection. */
      readonly context: SecurityContext;
      /** The same for a further connection: by the ticket at hand, so that the domain is not asked again. */
      readonly another: () => SecurityContext;
      /** To be given to the next login with this credential; null where NTLM is used. */
      readonly tickets: KerberosLogin | null;
    }
  | LoginRefusal;

/** Where NTLM may still work although Kerberos does not. Never after a refused password: that would be a second attempt. */
const NTLM_MAY_HELP: readonly LoginRefusalReason[] = ["no-kdc", "unknown-service", "no-aes", "clock"];

/**
 * The way from a credential to a login that a connection can use.
 *
 * Shape:  by Kerberos where the server has a DNS name, by NTLM only where that is allowed. A password is sent to the domain
 *         once at most. By NTLM nothing is sent yet: a wrong password then shows when the connection is used.
 * Errors: `refused` with a reason, a sentence and a remedy; throws only what is no matter of logins (the signal).
 */
export async function loginAt(request: LoginRequest): Promise<LoginOutcome> {
  const refusal = await tryKerberos(request);
  if (refusal.kind === "ready") return refusal;
  if (!request.allowNtlm) return refusal;
  if (refusal.reason !== "ntlm-not-allowed" && !NTLM_MAY_HELP.includes(refusal.reason)) return refusal;
  if (request.use === "ldap") return refusal;
  const another = () => ntlmContext(request);
  return { kind: "ready", by: "ntlm", context: another(), another, tickets: null };
}

async function tryKerberos(request: LoginRequest): Promise<LoginOutcome> {
  const { host, spnClass, use = "rpc" } = request;
  if (isIP(host) !== 0 || !host.includes("."))
    return loginRefusal("ntlm-not-allowed", `${host} is no full DNS name, so Kerberos cannot be used`);
  const { kdcs, kdcsByRealm, timeoutMs, signal } = request;
  // Without the signal: the tickets outlive this call, and who asks next must not fail because this one was given up.
  const tickets = request.tickets ?? new KerberosLogin(request, { kdcs, kdcsByRealm, timeoutMs });
  const spn = `${spnClass}/${host}`;
  try {
    await unlessAborted(tickets.ticketFor(spn), signal);
  } catch (error) {
    request.signal?.throwIfAborted();
    const refusal = refusalOf(error);
    if (refusal === null) throw error;
    return refusal;
  }
  const isWrapped = use !== "rpc" || request.negotiate === true;
  const another = () => wrapped(createKerberosContext(tickets, spn, use), isWrapped);
  return { kind: "ready", by: "kerberos", context: another(), another, tickets };
}

/** What comes of a promise, or the signal's reason if that comes first; the promise goes on for whoever else waits for it. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

function ntlmContext(request: LoginRequest): SecurityContext {
  const { user, password, realm, spnClass, host, negotiate, use } = request;
  const isUpn = user.includes("@");
  const inner = createNtlmContext({
    user,
    domain: isUpn ? "" : (request.domain ?? realm.split(".")[0]?.toUpperCase() ?? realm),
    password,
    targetName: `${spnClass}/${host}`,
  });
  // In HTTP the scheme Negotiate takes NTLM as it is.
  return wrapped(inner, use !== "http" && negotiate === true);
}

function wrapped(inner: Mechanism, isWrapped: boolean): SecurityContext {
  return isWrapped ? createNegotiateContext(inner) : inner;
}

/**
 * A login for a directory, by SASL `GSS-SPNEGO` inside of TLS.
 *
 * Shape:  `start()` is the credentials of the first bind request; with result 14 `next` takes what the server sent and
 *         gives the credentials of the next; with result 0 `next` may be given what the server sent, to see that it proved
 *         itself. No layer is made: TLS seals.
 * Errors: of `start` as `KerberosLogin.ticketFor`; `refusalOf` puts them into words.
 * Source: RFC 4752 by way of [MS-ADTS] 5.1.1.1.2 (documented); taken by Samba (captured).
 */
export function createGssapiForLdap(tickets: KerberosLogin, host: string): SecurityContext {
  return createNegotiateContext(createKerberosContext(tickets, `ldap/${host}`, "ldap"));
}
