import { Pool } from "undici";
import { type Answer, readAnswer } from "./read-answer.ts";
import { readInsightAnswer } from "./read-insight-answer.ts";
import { readXmlAnswer } from "./read-xml-answer.ts";
import { explainNetworkError, SimulatorFault } from "./simulator-fault.ts";
import { type Token, TokenHolder } from "./token-holder.ts";
import {
  type Credentials,
  readRefusal,
  readTokenAnswer,
  type TokenStyle,
  writeTokenRequest,
} from "./token-request.ts";

/** What a server's answers are written in. */
export type BodyProfile = "json" | "xml" | "insight";

const READERS: Readonly<Record<BodyProfile, (body: string) => Answer>> = {
  json: readAnswer,
  xml: readXmlAnswer,
  insight: readInsightAnswer,
};

/** A person at an address, as a captive portal or a remote access connection reports it. */
export interface PushedUser {
  readonly address: string;
  /** Absent only where everybody is to leave the address. */
  readonly user?: string;
  readonly domain?: string;
  /** connect, rekey, disconnect, …; without one it is a captive portal's logon. */
  readonly state?: string;
  /** How it is sent; `query` is the form seen in public notes. */
  readonly as: "query" | "form" | "json" | "xml";
}

/** How to reach one server and who to be there. */
export interface ServerOptions extends Credentials {
  /** `https://host:port` or, for debugging, `http://host:port`; no path. */
  readonly url: string;
  /** PEM of the CA to trust; without it and without `insecure`, the machine's own CAs. */
  readonly ca?: string;
  /** Takes any certificate, as an SRX without a ca-profile does. */
  readonly insecure?: boolean;
  /** The name to ask for (SNI) and to check, when the URL holds an address. */
  readonly serverName?: string;
  readonly tokenApi?: string;
  readonly queryApi?: string;
  readonly tokenStyle?: TokenStyle;
  /** What its answers are read as; JSON with every known name where absent. */
  readonly profile?: BodyProfile;
  /** Extra parameters of each batch query, such as filters: their real names are not public. */
  readonly parameters?: readonly (readonly [name: string, value: string])[];
  readonly requestTimeoutMs?: number;
  readonly connections?: number;
  /** A token held together with other links of the same client; by default each link has its own. */
  readonly tokens?: TokenHolder;
  readonly now?: () => number;
}

/** What `show services user-identification identity-management counters` would say of one server. */
export interface LinkCounters {
  tokenRequests: number;
  tokenErrors: number;
  /** Tokens fetched because the server answered 401 to one that this firewall still held for good. */
  tokenRenewals: number;
  batchSent: number;
  batchReturned: number;
  batchErrors: number;
  ipSent: number;
  ipReturned: number;
  ipErrors: number;
  pushesSent: number;
  pushesReturned: number;
  pushErrors: number;
  entriesReceived: number;
  rejectedEntries: number;
  malformedBodies: number;
  lastStatus: string;
  lastAnswerAt: string | null;
  lastAnswerMs: number | null;
}

export type GoodAnswer = Extract<Answer, { kind: "answer" }>;

interface Exchange {
  readonly status: number;
  readonly statusLine: string;
  readonly body: string;
  readonly cookie: string | null;
}

const DEFAULT_TOKEN_API = "oauth_token/oauth";
const DEFAULT_QUERY_API = "user_query/v2";
const TOKEN_CHARS_MAX = 64;
const BODY_BYTES_MAX = 16_000_000;
const IDLE_MS = 120_000;

/**
 * One firewall's connection to one server: its token, its queries, its counters.
 *
 * A query that brings no usable answer throws a SimulatorFault and is counted. Nothing is tried twice but a
 * query answered 401, once, with a fresh token: a stand-in that retried would hide a server that drops idle
 * connections.
 *
 * Source: srx-protocol 1 to 6 (documented; paths and encodings assumed).
 */
export class ServerLink {
  readonly url: URL;
  readonly counters: LinkCounters = {
    tokenRequests: 0,
    tokenErrors: 0,
    tokenRenewals: 0,
    batchSent: 0,
    batchReturned: 0,
    batchErrors: 0,
    ipSent: 0,
    ipReturned: 0,
    ipErrors: 0,
    pushesSent: 0,
    pushesReturned: 0,
    pushErrors: 0,
    entriesReceived: 0,
    rejectedEntries: 0,
    malformedBodies: 0,
    lastStatus: "",
    lastAnswerAt: null,
    lastAnswerMs: null,
  };
  /** Departures of the server from the written protocol: what was seen, and how often. */
  readonly complaints: Record<string, number> = {};
  readonly #options: ServerOptions;
  readonly #pool: Pool;
  readonly #now: () => number;
  readonly #tokens: TokenHolder;

  constructor(options: ServerOptions) {
    this.url = serverUrl(options.url);
    this.#options = options;
    this.#tokens = options.tokens ?? new TokenHolder();
    this.#now = options.now ?? Date.now;
    const timeoutMs = options.requestTimeoutMs ?? 10_000;
    this.#pool = new Pool(this.url.origin, {
      connections: options.connections ?? 21,
      allowH2: false,
      pipelining: 1,
      keepAliveTimeout: IDLE_MS,
      connectTimeout: timeoutMs,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      maxResponseSize: BODY_BYTES_MAX,
      connect: {
        ...(options.ca === undefined ? {} : { ca: options.ca }),
        ...(options.serverName === undefined ? {} : { servername: options.serverName }),
        rejectUnauthorized: options.insecure !== true,
      },
    });
  }

  /** When the token in hand ends, ISO 8601; `null` without one, or when the server gave no lifetime. */
  get tokenExpiresAt(): string | null {
    const endsMs = this.#tokens.token?.expiresAtMs;
    return endsMs === undefined || !Number.isFinite(endsMs) ? null : new Date(endsMs).toISOString();
  }

  /**
   * Asks for the next reports.
   *
   * Shape:  with a cookie, what is newer than it; without, everything. The answer's cookie is what to ask with
   *         next.
   * Errors: throws SimulatorFault.
   * Source: srx-protocol 4 and 13 rows 2 and 3 (documented; parameter names noted once in public).
   */
  async batch(ask: { cookie: string | null; items: number; signal: AbortSignal }): Promise<GoodAnswer> {
    const where = new URLSearchParams(ask.cookie === null ? { begintime: "0" } : { cookie: ask.cookie });
    where.set("entry_count", String(ask.items));
    for (const [name, value] of this.#options.parameters ?? []) where.append(name, value);
    this.counters.batchSent++;
    try {
      const answer = await this.#query(`users/endpoints?${where}`, "batch query", ask.signal);
      if (answer.cookie === null) this.#complain("a batch answer has no cookie");
      if (answer.reports.length + answer.rejected.length > ask.items)
        this.#complain("a batch answer has more entries than were asked for");
      this.counters.batchReturned++;
      return answer;
    } catch (error) {
      this.counters.batchErrors++;
      throw error;
    }
  }

  /**
   * Asks who is at one address.
   *
   * Shape:  an answer with one report, or with none for an address nobody is known at. A 404 means the same.
   * Errors: throws SimulatorFault.
   * Source: srx-protocol 6 and 13 rows 4 and 5 (documented kind, assumed codes).
   */
  async ip(ask: { address: string; signal: AbortSignal }): Promise<GoodAnswer> {
    this.counters.ipSent++;
    try {
      const answer = await this.#query(`ip/${encodeURIComponent(ask.address)}`, "IP query", ask.signal);
      this.counters.ipReturned++;
      return answer;
    } catch (error) {
      this.counters.ipErrors++;
      throw error;
    }
  }

  /**
   * Reports a person, as a captive portal does, and asks for his groups.
   *
   * Shape:  an answer with the entry, or with none where the server does not take the report.
   * Errors: throws SimulatorFault.
   * Source: srx-protocol 7 and 13 row 6 (kind documented; parameters seen in notes; bodies assumed).
   */
  async push(pushed: PushedUser, signal: AbortSignal): Promise<GoodAnswer> {
    this.counters.pushesSent++;
    try {
      const answer = await this.#query("user", "user push", signal, writePush(pushed));
      this.counters.pushesReturned++;
      return answer;
    } catch (error) {
      this.counters.pushErrors++;
      throw error;
    }
  }

  /** Ends what is under way. A second call does nothing. */
  async close(): Promise<void> {
    if (!this.#pool.destroyed) await this.#pool.destroy();
  }

  async #query(
    path: string,
    what: string,
    signal: AbortSignal,
    sent: SentBody = { method: "GET", query: "", headers: {} },
  ): Promise<GoodAnswer> {
    const attempted = `send a ${what} to ${this.url.origin}`;
    const full = `/${this.#options.queryApi ?? DEFAULT_QUERY_API}/${path}${sent.query}`;
    const { method, headers, body } = sent;
    const ask = (token: Token) =>
      this.#exchange(
        {
          method,
          path: full,
          headers: { ...headers, ...bearer(token) },
          ...(body === undefined ? {} : { body }),
        },
        attempted,
        signal,
      );

    const token = await this.#tokenInHand(signal);
    let exchange = await ask(token);
    if (exchange.status === 401) {
      this.#tokens.drop(token);
      this.counters.tokenRenewals++;
      exchange = await ask(await this.#tokenInHand(signal));
      if (exchange.status === 401)
        throw new SimulatorFault(
          "token-refused",
          `${attempted}: the server refuses the token it has just issued (${exchange.statusLine})`,
          "Check that all servers behind this address share their tokens, and look at the server's log.",
        );
    }
    if (exchange.status === 404 && what === "IP query")
      return { kind: "answer", cookie: null, reports: [], rejected: [], complaints: [] };
    if (exchange.status !== 200)
      throw new SimulatorFault(
        "http-status",
        `${attempted}: the server answered ${exchange.statusLine}`,
        exchange.status === 503
          ? "The server is starting or overloaded: wait, and look at its log."
          : "Check --query-api, and look at the server's log.",
      );
    return this.#read(exchange, attempted);
  }

  #read(exchange: Exchange, attempted: string): GoodAnswer {
    const answer = READERS[this.#options.profile ?? "json"](exchange.body);
    if (answer.kind === "malformed") {
      this.counters.malformedBodies++;
      throw malformed(`${attempted}: ${answer.reason}`);
    }
    this.counters.entriesReceived += answer.reports.length;
    this.counters.rejectedEntries += answer.rejected.length;
    for (const complaint of [...answer.rejected, ...answer.complaints]) this.#complain(complaint);
    if (answer.cookie !== null && exchange.cookie !== null && answer.cookie !== exchange.cookie)
      this.#complain("the cookie in the body and the one in the header differ");
    return { ...answer, cookie: answer.cookie ?? exchange.cookie };
  }

  #tokenInHand(signal: AbortSignal): Promise<Token> {
    return this.#tokens.inHand(this.#now(), () => this.#fetchToken(signal));
  }

  async #fetchToken(signal: AbortSignal): Promise<Token> {
    const attempted = `ask ${this.url.origin} for a token`;
    const { headers, body } = writeTokenRequest(this.#options.tokenStyle ?? "form", this.#options);
    const path = `/${this.#options.tokenApi ?? DEFAULT_TOKEN_API}`;
    this.counters.tokenRequests++;
    try {
      const askedAtMs = this.#now();
      const exchange = await this.#exchange({ method: "POST", path, headers, body }, attempted, signal);
      if (exchange.status !== 200) throw this.#tokenRefusal(exchange, attempted);
      const answer = readTokenAnswer(exchange.body);
      if (answer.kind === "malformed") {
        this.counters.malformedBodies++;
        throw malformed(`${attempted}: ${answer.reason}`);
      }
      if (answer.value.length > TOKEN_CHARS_MAX)
        this.#complain(`a token is longer than ${TOKEN_CHARS_MAX} characters`);
      return {
        value: answer.value,
        expiresAtMs: answer.lifetimeMs === null ? Number.POSITIVE_INFINITY : askedAtMs + answer.lifetimeMs,
      };
    } catch (error) {
      this.counters.tokenErrors++;
      throw error;
    }
  }

  #tokenRefusal(exchange: Exchange, attempted: string): SimulatorFault {
    const said = readRefusal(exchange.body);
    const answered = `${exchange.statusLine}${said ? `, ${said}` : ""}`;
    if ([400, 401, 403].includes(exchange.status))
      return new SimulatorFault(
        "credentials-refused",
        `${attempted}: the server refuses client "${this.#options.clientId}" (${answered})`,
        "Check client id and secret, and that the enforcement point allows this machine's address. A secret is shown once: if it is lost, issue a new one on the enforcement point's page.",
      );
    return new SimulatorFault(
      "http-status",
      `${attempted}: the server answered ${answered}`,
      exchange.status === 503
        ? "The server is starting or overloaded: wait, and look at its log."
        : "Check that the URL is that of the firewall listener, and --token-api.",
    );
  }

  async #exchange(
    request: { method: "GET" | "POST"; path: string; headers: Record<string, string>; body?: string },
    attempted: string,
    signal: AbortSignal,
  ): Promise<Exchange> {
    const startedAtMs = performance.now();
    try {
      const response = await this.#pool.request({ ...request, signal });
      const bytes = await response.body.arrayBuffer();
      const statusLine = `${response.statusText || "no reason phrase"} (${response.statusCode})`;
      this.counters.lastStatus = statusLine;
      this.counters.lastAnswerAt = new Date(this.#now()).toISOString();
      this.counters.lastAnswerMs = performance.now() - startedAtMs;
      this.#checkFraming(response.headers);
      return {
        status: response.statusCode,
        statusLine,
        body: this.#decode(bytes, attempted),
        cookie: reportCookie(response.headers["set-cookie"]),
      };
    } catch (error) {
      const fault = explainNetworkError(error, attempted, this.url);
      if (fault.code !== "malformed-body" && fault.code !== "stopped") this.counters.lastStatus = fault.code;
      throw fault;
    }
  }

  /** Rule (srx-protocol 1): "send Content-Length, no chunking, no compression". */
  #checkFraming(headers: Record<string, string | string[] | undefined>): void {
    if (headers["content-length"] === undefined) this.#complain("an answer has no Content-Length");
    if (headers["transfer-encoding"] !== undefined) this.#complain("an answer is chunked");
    if (headers["content-encoding"] !== undefined) this.#complain("an answer is compressed");
  }

  #decode(bytes: ArrayBuffer, attempted: string): string {
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      this.counters.malformedBodies++;
      throw malformed(`${attempted}: the body is not UTF-8`);
    }
  }

  #complain(complaint: string): void {
    this.complaints[complaint] = (this.complaints[complaint] ?? 0) + 1;
  }
}

interface SentBody {
  readonly method: "GET" | "POST";
  readonly query: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
}

function writePush({ address, user, domain, state, as }: PushedUser): SentBody {
  const fields = Object.entries({ ip: address, id: user, domain, state }).filter(
    (field): field is [string, string] => field[1] !== undefined,
  );
  const form = new URLSearchParams(fields).toString();
  const post = (type: string, body: string): SentBody => ({
    method: "POST",
    query: "",
    headers: { "content-type": type },
    body,
  });
  switch (as) {
    case "query":
      return { method: "GET", query: `?${form}`, headers: {} };
    case "form":
      return post("application/x-www-form-urlencoded", form);
    case "json":
      return post("application/json", JSON.stringify(Object.fromEntries(fields)));
    case "xml":
      return post(
        "application/xml",
        `<user-query>${fields.map(([name, value]) => `<${name}>${escaped(value)}</${name}>`).join("")}</user-query>`,
      );
  }
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Parses a server's URL; throws a RangeError that says what is wrong with it. */
export function serverUrl(text: string): URL {
  if (!URL.canParse(text)) throw new RangeError(`"${text}" is not a URL; write it as https://HOST:PORT`);
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw new RangeError(`"${text}" is neither https:// nor http://`);
  if (url.username || url.password)
    throw new RangeError(
      "a server's URL holds no user and no password; use --client-id and --client-secret-file",
    );
  if (url.pathname !== "/" || url.search || url.hash)
    throw new RangeError(
      `"${text}" has a path; give the address only, paths are --token-api and --query-api`,
    );
  return url;
}

function bearer(token: Token): Record<string, string> {
  return { authorization: `Bearer ${token.value}` };
}

function malformed(message: string): SimulatorFault {
  return new SimulatorFault(
    "malformed-body",
    message,
    "Look at the server's log, and at the profile its enforcement point uses: --profile says what is read here.",
  );
}

function reportCookie(header: string | string[] | undefined): string | null {
  for (const line of header === undefined ? [] : [header].flat()) {
    const match = /^report=([^;]+)/.exec(line);
    if (match?.[1]) return match[1];
  }
  return null;
}
