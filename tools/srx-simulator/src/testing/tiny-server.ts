import {
  createServer as createHttp,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createHttps } from "node:https";
import type { AddressInfo } from "node:net";

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export interface TinyAnswer {
  readonly status?: number;
  readonly body: string | Buffer;
  readonly headers?: Record<string, string>;
}

/** An entry of a batch answer with the names of `json-superset`, so far as a test says them. */
export type TinyEntry = { readonly ip: string; readonly [name: string]: unknown };

/**
 * A server for one test: token, batch and IP query over a growing log of entries.
 *
 * Its cookie is its own name and the place in its log; a cookie of another server gets everything again, as
 * the protocol paper asks. `instead` answers the next requests of one kind otherwise.
 */
export class TinyServer {
  readonly seen: SeenRequest[] = [];
  clientId = "fw-a";
  clientSecret = "right-secret";
  tokenLifetimeSeconds: number | string = 28_800;
  #log: TinyEntry[] = [];
  #tokens = new Set<string>();
  #tokenCount = 0;
  #instead: { kind: "token" | "batch" | "ip"; answer: TinyAnswer | "hang-up" }[] = [];
  #server: Server;
  #port = 0;
  readonly #name: string;
  readonly #tls: { certPem: string; keyPem: string } | null;

  private constructor(name: string, tls: { certPem: string; keyPem: string } | null) {
    this.#name = name;
    this.#tls = tls;
    this.#server = this.#create();
  }

  static async start(
    name: string,
    tls: { certPem: string; keyPem: string } | null = null,
  ): Promise<TinyServer> {
    const server = new TinyServer(name, tls);
    await server.resume();
    return server;
  }

  get url(): string {
    return `${this.#tls ? "https" : "http"}://127.0.0.1:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  /** Adds entries to the log; the newest of an address is what an IP query gets. */
  tell(...entries: TinyEntry[]): void {
    this.#log.push(...entries);
  }

  instead(kind: "token" | "batch" | "ip", answer: TinyAnswer | "hang-up"): void {
    this.#instead.push({ kind, answer });
  }

  /** Makes every token in hand one the server no longer knows. */
  forgetTokens(): void {
    this.#tokens.clear();
  }

  asked(kind: "token" | "batch" | "ip"): SeenRequest[] {
    return this.seen.filter((request) => kindOf(request.path) === kind);
  }

  /** Stops listening and cuts every connection; `resume` listens on the same port again. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async resume(): Promise<void> {
    this.#server = this.#create();
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(this.#port, "127.0.0.1", resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  #create(): Server {
    const handle = (request: IncomingMessage, response: ServerResponse) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => this.#serve(request, Buffer.concat(parts).toString(), response));
    };
    if (!this.#tls) return createHttp({ keepAliveTimeout: 75_000 }, handle);
    const { certPem, keyPem } = this.#tls;
    return createHttps({ cert: certPem, key: keyPem, keepAliveTimeout: 75_000 }, handle);
  }

  #serve(request: IncomingMessage, body: string, response: ServerResponse): void {
    const url = new URL(request.url ?? "/", "http://tiny");
    const { method = "", headers } = request;
    const seen = { method, path: url.pathname, query: url.searchParams, headers, body };
    this.seen.push(seen);
    const kind = kindOf(seen.path);
    const at = this.#instead.findIndex((one) => one.kind === kind);
    const answer = at >= 0 ? this.#instead.splice(at, 1)[0]?.answer : this.#answer(seen);
    if (answer === "hang-up" || answer === undefined) {
      request.socket.destroy();
      return;
    }
    const bytes = Buffer.from(answer.body);
    response.writeHead(answer.status ?? 200, {
      "content-type": "application/json",
      "content-length": bytes.length,
      ...answer.headers,
    });
    response.end(bytes);
  }

  #answer(request: SeenRequest): TinyAnswer {
    const kind = kindOf(request.path);
    if (kind === "token") return this.#token(request);
    if (!this.#tokens.has(request.headers.authorization?.replace("Bearer ", "") ?? ""))
      return json({ error: "invalid_token" }, 401);
    if (kind === "ip") {
      const ip = decodeURIComponent(request.path.split("/").at(-1) ?? "");
      const entry = this.#log.findLast((one) => one.ip === ip);
      return json({ report_entries: entry && entry.operation !== "logoff" ? [entry] : [] });
    }
    const [issuer, place] = (request.query.get("cookie") ?? "").split(".");
    const from = issuer === this.#name ? Number(place) : 0;
    const page = this.#log.slice(from, from + Number(request.query.get("entry_count")));
    return json({ cookie: `${this.#name}.${from + page.length}`, report_entries: page });
  }

  #token(request: SeenRequest): TinyAnswer {
    if (!isGranted(request, this.clientId, this.clientSecret))
      return json({ error: "invalid_client", error_description: "unknown client or wrong secret" }, 401);
    const token = `${this.#name}-token-${++this.#tokenCount}`;
    this.#tokens.add(token);
    return json({ access_token: token, token_type: "Bearer", expires_in: this.tokenLifetimeSeconds });
  }
}

function isGranted(request: SeenRequest, clientId: string, clientSecret: string): boolean {
  const basic = /^Basic (.+)$/.exec(request.headers.authorization ?? "")?.[1];
  if (basic) return Buffer.from(basic, "base64").toString() === `${clientId}:${clientSecret}`;
  const isJson = request.headers["content-type"] === "application/json";
  const fields = isJson
    ? (JSON.parse(request.body) as Record<string, string>)
    : Object.fromEntries(new URLSearchParams(request.body));
  return fields.client_id === clientId && fields.client_secret === clientSecret;
}

function kindOf(path: string): "token" | "batch" | "ip" {
  if (path.startsWith("/oauth_token/")) return "token";
  return path.includes("/ip/") ? "ip" : "batch";
}

function json(document: unknown, status = 200): TinyAnswer {
  return { status, body: JSON.stringify(document) };
}

/** A logon as `json-superset` writes it. */
export function aLogon(entry: {
  ip: string;
  user: string;
  groups?: string[];
  at?: number;
  device?: string;
}): TinyEntry {
  const { ip, user, groups = [], at = 1_760_000_000, device } = entry;
  return {
    timestamp: at,
    activity: "login",
    operation: "logon",
    source: "test",
    "ip-address": ip,
    ip,
    "domain-name": "corp.example",
    domain: "corp.example",
    "user-name": user,
    user,
    username: user,
    roles: groups,
    is_online: true,
    ...(device ? { "device-name": device, device } : {}),
  };
}

/** A logoff as `json-superset` writes it. */
export function aLogoff(ip: string, user: string): TinyEntry {
  return { ...aLogon({ ip, user }), activity: "logout", operation: "logoff", is_online: false };
}
