import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { type LoginRefusal, refusesCredential } from "@rollcall/windows-rpc/auth";
import { Client, type Control, type Filter, PagedResultsControl, SearchResponse } from "ldapts";
import { type Login, type LoginPort, type LoginResult, LoginUnanswered } from "../login-port.ts";
import { loginOnce } from "../windows-login.ts";
import type { DirectoryConfig } from "./directory-config.ts";
import { DirectoryFault, toDirectoryFault } from "./directory-fault.ts";
import { PageControl } from "./ldap-controls.ts";
import { LdapEntry } from "./ldap-entry.ts";
import { MessageGate } from "./message-gate.ts";
import type { QueryPace } from "./query-pace.ts";
import { bindBySasl } from "./sasl-bind.ts";

const CONNECT_TIMEOUT_MS = 10_000;
const LOG_ON_TIMEOUT_MS = 15_000;
/** A server may compute the whole answer before its first page. */
const OPERATION_TIMEOUT_MS = 120_000;
/** Values that are not text, whatever their bytes look like. */
const BINARY = ["objectGUID", "objectSid", "invocationId"];
const NO_COOKIE = new Uint8Array(0);

export interface SearchRequest {
  readonly base: string;
  readonly scope: "base" | "one" | "sub";
  /** As a string, or made of the library's parts where it holds bytes that are no text. */
  readonly filter: string | Filter;
  readonly attributes: readonly string[];
  readonly controls?: readonly Control[];
}

/** One connection, bound. Throws `DirectoryFault` only; after a fault it is closed and of no more use. */
export interface LdapSession {
  /** Answers in pages, however many; a page may be empty and the answer still go on. */
  pages(request: SearchRequest, pageSize: number, signal: AbortSignal): AsyncGenerator<readonly LdapEntry[]>;
  /** The entry of a DN (or of the root DSE, ""); null where there is none, or it may not be seen. */
  entry(dn: string, attributes: readonly string[], controls?: readonly Control[]): Promise<LdapEntry | null>;
  /** One answer, with the controls as given: what they bring back they hold. */
  search(request: SearchRequest, controls: readonly Control[]): Promise<readonly LdapEntry[]>;
  readonly isOpen: boolean;
  close(): Promise<void>;
}

/**
 * Connects, encrypts as configured, and logs on.
 * Shape: the server is reached before the login is asked for, so that one which is away holds nobody else up.
 */
export async function openLdapSession(
  config: DirectoryConfig,
  login: LoginPort,
  signal: AbortSignal,
  pace: QueryPace,
): Promise<LdapSession> {
  const held = await login.withheld();
  if (held !== null) throw new DirectoryFault("login-withheld", held, "");
  const session = new Session(config, pace);
  // Whoever gives up while it logs on does not end that: a log-on that was cut off may have been refused.
  let isLoggingOn = false;
  try {
    await session.connect();
    const outcome = await login.attempt(async (one, ending) => {
      isLoggingOn = true;
      try {
        const result = await (config.bind === "kerberos"
          ? session.logOnByKerberos(one, ending)
          : session.logOn(one));
        if (result.kind !== "accepted") return result;
        return { ...result, value: session };
      } finally {
        isLoggingOn = false;
        if (signal.aborted) await session.close();
      }
    }, signal);
    if (outcome.kind === "accepted") return session;
    if (outcome.kind === "withheld") throw new DirectoryFault("login-withheld", outcome.sentence, "");
    throw session.refusal;
  } catch (error) {
    if (!isLoggingOn) await session.close();
    throw toDirectoryFault(error, config);
  }
}

class Session implements LdapSession {
  readonly #config: DirectoryConfig;
  readonly #pace: QueryPace;
  readonly #client: Client;
  #cookie: Uint8Array = NO_COOKIE;
  /** The server's own word for its name. */
  #dnsName: string | null = null;
  #isLoggedOn = false;
  #refusal = new DirectoryFault("credentials-refused", "Nobody was refused", "");

  constructor(config: DirectoryConfig, pace: QueryPace) {
    this.#config = config;
    this.#pace = pace;
    const scheme = config.tls === "ldaps" ? "ldaps" : "ldap";
    const host = isIP(config.host) === 6 ? `[${config.host}]` : config.host;
    this.#client = new Client({
      url: `${scheme}://${host}:${config.port}`,
      connectTimeout: CONNECT_TIMEOUT_MS,
      timeout: OPERATION_TIMEOUT_MS,
      ...(config.tls === "ldaps" ? { tlsOptions: tlsOptionsOf(config) } : {}),
    });
    // biome-ignore-start lint/complexity/useLiteralKeys: they are private, and only this form is checked against their types.
    const parser = this.#client["messageParser"];
    // The library keeps the cookie of an answer to itself; its parser says every message aloud.
    parser.on("message", (message: unknown) => {
      if (message instanceof SearchResponse) this.#cookie = cookieOf(message);
    });
    const gate = new MessageGate();
    const read = parser.read.bind(parser);
    parser.read = (data: Buffer, waiting: Parameters<typeof read>[1]) => {
      try {
        // One by one: with more at once the library would call this very function for the rest.
        for (const message of gate.push(data)) read(message, waiting);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        // Whoever waits is told that the connection is closed.
        this.#client["socket"]?.destroy();
      }
    };
    // biome-ignore-end lint/complexity/useLiteralKeys: see above.
  }

  get isOpen(): boolean {
    return this.#client.isBound || (this.#isLoggedOn && this.#client.isConnected);
  }

  /** Why `logOn` was refused, as a fault; of no meaning before. */
  get refusal(): DirectoryFault {
    return this.#refusal;
  }

  /** Reaches the server and encrypts; nobody is logged on. */
  async connect(): Promise<void> {
    if (this.#config.tls === "starttls") {
      await this.#client.startTLS({ ...tlsOptionsOf(this.#config), host: this.#config.host });
    }
    // The root DSE is for everybody; asking for it makes the connection. Source: MS-ADTS 3.1.1.3.2 (documented).
    const { searchEntries } = await this.#client.search("", { scope: "base", attributes: ["dnsHostName"] });
    const name = searchEntries[0]?.dnsHostName;
    this.#dnsName = typeof name === "string" ? name : null;
  }

  /**
   * Logs on with a Kerberos ticket inside of TLS. The controller is its own key distribution centre where none is named.
   * Shape: TLS has shown already that the server is the one that was asked for, so its own word for its name is taken.
   */
  async logOnByKerberos(login: Login, signal: AbortSignal): Promise<LoginResult<null>> {
    const { user, password, realm, kdcs } = login;
    const made = await loginOnce({
      host: this.#dnsName ?? this.#config.host,
      spnClass: "ldap",
      user,
      password,
      realm: realm ?? "",
      kdcs: kdcs.length > 0 ? kdcs : [this.#config.host],
      allowNtlm: false,
      use: "ldap",
      timeoutMs: CONNECT_TIMEOUT_MS,
      signal,
    });
    if (made.kind === "refused") return this.#kerberosRefused(made);
    try {
      await bindBySasl(this.#client, made.context);
      this.#isLoggedOn = true;
      return { kind: "accepted", value: null };
    } catch (error) {
      const fault = toDirectoryFault(error, this.#config, user);
      // The domain gave a ticket for this name and password: it is not they that are refused here.
      throw fault.code === "credentials-refused"
        ? new DirectoryFault("kerberos-failed", fault.message, "see the controller's log", error)
        : fault;
    }
  }

  #kerberosRefused({ reason, sentence, remedy }: LoginRefusal): LoginResult<null> {
    if (!refusesCredential(reason)) throw new DirectoryFault("kerberos-failed", sentence, remedy);
    this.#refusal = new DirectoryFault("credentials-refused", sentence, remedy);
    return { kind: "refused", reason: sentence };
  }

  async logOn({ user, password }: Login): Promise<LoginResult<null>> {
    try {
      if (password === "") {
        // An empty password makes an anonymous bind, which succeeds and reads nothing.
        throw new DirectoryFault(
          "credentials-refused",
          `There is no password for ${user}`,
          "type the password",
        );
      }
      // The library would connect anew by itself, and without StartTLS: in clear.
      if (!this.#client.isConnected) throw closedBy(this.#config);
      await this.#bind(user, password);
      return { kind: "accepted", value: null };
    } catch (error) {
      const fault = toDirectoryFault(error, this.#config, user);
      if (fault.code !== "credentials-refused") throw isAnswer(fault) ? fault : new LoginUnanswered(fault);
      this.#refusal = fault;
      return { kind: "refused", reason: fault.message };
    }
  }

  /** Others wait for what comes of a log-on: a server that takes it and says nothing is given up. */
  async #bind(user: string, password: string): Promise<void> {
    // biome-ignore lint/complexity/useLiteralKeys: it is private, and only this form is checked against its type.
    const late = setTimeout(() => this.#client["socket"]?.destroy(), LOG_ON_TIMEOUT_MS);
    try {
      await this.#client.bind(user, password);
    } finally {
      clearTimeout(late);
    }
  }

  async *pages(
    request: SearchRequest,
    pageSize: number,
    signal: AbortSignal,
  ): AsyncGenerator<readonly LdapEntry[]> {
    let cookie: Uint8Array = NO_COOKIE;
    do {
      signal.throwIfAborted();
      const page = await this.search(request, [
        ...(request.controls ?? []),
        new PageControl(pageSize, cookie),
      ]);
      // Before the yield: the reader may use this session for something else in between.
      cookie = this.#cookie;
      yield page;
    } while (cookie.length > 0);
  }

  async entry(
    dn: string,
    attributes: readonly string[],
    controls: readonly Control[] = [],
  ): Promise<LdapEntry | null> {
    const request: SearchRequest = { base: dn, scope: "base", filter: "(objectClass=*)", attributes };
    try {
      const [first] = await this.search(request, controls);
      return first ?? null;
    } catch (error) {
      const cause = error instanceof Error ? error.cause : undefined;
      const isAbsent = cause instanceof Error && "code" in cause && cause.code === 32;
      if (isAbsent) return null;
      throw error;
    }
  }

  async close(): Promise<void> {
    // What can fail here is a farewell to a connection that is gone.
    await this.#client.unbind().catch(() => undefined);
  }

  async search(request: SearchRequest, controls: readonly Control[]): Promise<readonly LdapEntry[]> {
    await this.#pace.turn();
    // The library would connect again by itself, without logging on.
    if (!this.isOpen) throw closedBy(this.#config);
    try {
      const { searchEntries } = await this.#client.search(
        request.base,
        {
          scope: request.scope,
          filter: request.filter,
          attributes: [...request.attributes],
          explicitBufferAttributes: BINARY,
        },
        [...controls],
      );
      return searchEntries.map((entry) => new LdapEntry(entry));
    } catch (error) {
      throw toDirectoryFault(error, this.#config);
    }
  }
}

function closedBy({ host, port }: DirectoryConfig): DirectoryFault {
  return new DirectoryFault(
    "unreachable",
    `${host}:${port} closed the connection`,
    "check that the domain controller runs",
  );
}

/** Whether nothing was sent, or the server answered with a result: then it is known what became of the password. */
function isAnswer({ cause }: DirectoryFault): boolean {
  return cause === undefined || (cause instanceof Error && "code" in cause && typeof cause.code === "number");
}

function cookieOf(response: SearchResponse): Uint8Array {
  for (const control of response.controls ?? []) {
    if (control instanceof PagedResultsControl) return control.value?.cookie ?? NO_COOKIE;
  }
  return NO_COOKIE;
}

/** What the server's certificate is checked against. Throws a fault when the given CA cannot be read. */
export function tlsOptionsOf(config: DirectoryConfig): {
  readonly ca?: string[];
  readonly rejectUnauthorized: boolean;
  readonly minVersion: "TLSv1.2";
} {
  const base = { rejectUnauthorized: !config.dangerouslyTrustAnyCertificate, minVersion: "TLSv1.2" as const };
  if (config.caPem === undefined || config.caPem.trim() === "") return base;
  const certificates = config.caPem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    if (certificates.length === 0) throw new Error("no certificate in it");
    for (const certificate of certificates) new X509Certificate(certificate);
  } catch (error) {
    throw new DirectoryFault(
      "certificate-refused",
      "The CA that was given cannot be read",
      "paste the PEM, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----",
      error,
    );
  }
  return { ...base, ca: certificates };
}
