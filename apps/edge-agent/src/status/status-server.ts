import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type IpAddress, parseIp } from "@rollcall/identity-core";
import type { Logger } from "@rollcall/observability";
import { isLoopback } from "../config.ts";
import type { Doctor } from "../doctor/doctor.ts";
import { listenFault } from "../firewall/listen-fault.ts";
import type { ListenAddress } from "../settings.ts";
import type { ShadowDocument } from "../shadow/shadow-document.ts";
import type { AgentLedger } from "../sources/login-ledger.ts";
import type { ProbeReport } from "../sources/pc-probe-report.ts";
import { HealthRecord, type Part } from "../supervisor/part.ts";
import { isLocalToken } from "./local-token.ts";
import {
  type ConfigDocument,
  type ForwardersDocument,
  LOGINS_SCHEMA,
  type LoginsDocument,
  PROBE_SCHEMA,
  type ProbeDocument,
  RESUME_SCHEMA,
  type ResumeDocument,
  type StatusDocument,
  type WhoDocument,
} from "./status-document.ts";

export interface StatusServerOptions {
  readonly listen: ListenAddress;
  readonly token: string;
  readonly status: () => StatusDocument;
  readonly who: (asked: string) => WhoDocument;
  readonly configuration: () => ConfigDocument | null;
  /** Computers that forward their events. */
  readonly forwarders: () => ForwardersDocument;
  readonly metrics: () => string;
  /** How this agent's table differs from another server's; null where it runs beside none. */
  readonly shadow: ((withAll: boolean) => ShadowDocument) | null;
  /** Ends the pause of a credential: false where it is not paused, null where there is none of that id. */
  readonly resumeCredential: (id: string) => Promise<boolean | null>;
  /** Counts attempts with logins that a command beside this agent makes. */
  readonly logins: Pick<AgentLedger, "salt" | "lend" | "giveBack" | "standing">;
  /** Asks a computer who sits there; null where none is asked. */
  readonly probe: (ip: IpAddress) => Promise<ProbeReport> | null;
  readonly doctor: Doctor;
  /** Whether a firewall would be answered. */
  readonly isReady: () => boolean;
  readonly now: () => number;
  readonly log: Logger;
}

export interface StatusServer extends Part {
  readonly address: ListenAddress | null;
}

interface Answer {
  readonly status: number;
  readonly type: "application/json" | "text/plain";
  readonly body: string;
}

const OFF: ProbeReport = {
  outcome: "off",
  sentence: "No computer is asked: the probe is switched off (pcProbe.enabled).",
  user: null,
  computer: null,
};
const ASKED_MAX = 400;
const REASON_MAX = 500;
const FINGERPRINT = /^[0-9a-f]{64}$/;
/** Of everything that is examined; who asks waits a little longer. */
const EXAMINATION_MS = 170_000;
const NEEDS_TOKEN = "This needs the token of the agent's state folder.";

/**
 * The status address of this machine: /healthz, /readyz, /status, /metrics, and for those who hold the token /who, /config and
 * POST /resume, which lets a paused login be tried once more, POST /logins, by which a command beside it counts its attempts, POST /probe, which asks a computer who sits there, and POST /doctor, which examines every source.
 *
 * Loopback only, and only for loopback's own names: a page in a browser on this machine that makes its name lead here
 * (DNS rebinding) is refused by its Host header, and cross-origin requests by their Origin.
 */
export function createStatusServer(options: StatusServerOptions): StatusServer {
  const health = new HealthRecord(options.now, "off", "not started");
  let server: Server | null = null;

  function answer(request: IncomingMessage): Answer | Promise<Answer> {
    if (!isLocalHost(request.headers.host))
      return refuse(421, "This address answers to loopback names only.");
    if (request.headers.origin !== undefined) return refuse(403, "This address does not answer web pages.");
    const url = URL.parse(request.url ?? "/", "http://loopback");
    if (request.method === "POST" && url?.pathname === "/resume") return resume(request, url);
    if (request.method === "POST" && url?.pathname === "/logins") return noteLogin(request, url);
    if (request.method === "POST" && url?.pathname === "/probe") return probe(request, url);
    if (request.method === "POST" && url?.pathname === "/doctor") return examine(request, url);
    if (request.method !== "GET" && request.method !== "HEAD") return refuse(405, "Only GET is used here.");
    switch (url?.pathname) {
      case "/healthz":
        return { status: 200, type: "text/plain", body: "ok\n" };
      case "/readyz":
        return options.isReady()
          ? { status: 200, type: "text/plain", body: "ready\n" }
          : { status: 503, type: "text/plain", body: "not ready\n" };
      case "/status":
        return json(options.status());
      case "/metrics":
        return { status: 200, type: "text/plain", body: options.metrics() };
      case "/config": {
        if (!isLocalToken(options.token, request.headers.authorization)) return refuse(401, NEEDS_TOKEN);
        const configuration = options.configuration();
        return configuration === null
          ? refuse(503, "No configuration is in force yet.")
          : json(configuration);
      }
      case "/forwarders":
        if (!isLocalToken(options.token, request.headers.authorization)) return refuse(401, NEEDS_TOKEN);
        return json(options.forwarders());
      case "/shadow": {
        if (!isLocalToken(options.token, request.headers.authorization)) return refuse(401, NEEDS_TOKEN);
        if (options.shadow === null) return refuse(404, "This agent does not run in shadow mode.");
        return json(options.shadow(url.searchParams.has("all")));
      }
      case "/who": {
        if (!isLocalToken(options.token, request.headers.authorization)) return refuse(401, NEEDS_TOKEN);
        const asked = (url.searchParams.get("q") ?? "").slice(0, ASKED_MAX);
        return asked === "" ? refuse(400, "Say who or where with ?q=.") : json(options.who(asked));
      }
      default:
        return refuse(404, "There is nothing here.");
    }
  }

  function noteLogin(request: IncomingMessage, url: URL): Answer {
    if (!isLocalToken(options.token, request.headers.authorization)) return refuse(401, NEEDS_TOKEN);
    const { logins } = options;
    const fingerprint = url.searchParams.get("fingerprint") ?? "";
    const kind = url.searchParams.get("outcome");
    const reason = (url.searchParams.get("reason") ?? "").slice(0, REASON_MAX);
    const answer = (isLent: boolean): Answer => {
      const standing = FINGERPRINT.test(fingerprint) ? logins.standing(fingerprint) : null;
      return json({ schema: LOGINS_SCHEMA, salt: logins.salt, isLent, standing } satisfies LoginsDocument);
    };
    if (fingerprint === "") return answer(false);
    if (!FINGERPRINT.test(fingerprint)) return refuse(400, "That is no fingerprint of a login.");
    if (kind === null) return answer(logins.lend(fingerprint));
    if (kind === "refused" || kind === "unanswered") logins.giveBack(fingerprint, { kind, reason });
    else if (kind === "accepted" || kind === "known" || kind === "not-shown")
      logins.giveBack(fingerprint, { kind });
    else return refuse(400, "That is no outcome of a login.");
    return answer(false);
  }

  async function resume(request: IncomingMessage, url: URL): Promise<Answer> {
    if (!isLocalToken(options.token, request.headers.authorization)) return refuse(401, NEEDS_TOKEN);
    const id = url.searchParams.get("credential") ?? "";
    const resumed = await options.resumeCredential(id);
    return json({ schema: RESUME_SCHEMA, credential: id, outcome: outcomeOf(resumed) });
  }

  async function probe(request: IncomingMessage, url: URL): Promise<Answer> {
    if (!isLocalToken(options.token, request.headers.authorization)) return refuse(401, NEEDS_TOKEN);
    const ip = parseIp(url.searchParams.get("ip") ?? "");
    if (ip === null) return refuse(400, "Say which address with ?ip=.");
    const report = (await options.probe(ip)) ?? OFF;
    return json({ schema: PROBE_SCHEMA, ip, ...report } satisfies ProbeDocument);
  }

  async function examine(request: IncomingMessage, url: URL): Promise<Answer> {
    if (!isLocalToken(options.token, request.headers.authorization)) return refuse(401, NEEDS_TOKEN);
    const document = await options.doctor.examine(
      url.searchParams.get("source"),
      AbortSignal.timeout(EXAMINATION_MS),
    );
    return { status: 200, type: "application/json", body: `${JSON.stringify(document)}\n` };
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    let made: Answer;
    try {
      made = await answer(request);
    } catch (error) {
      options.log.error({ component: "status", err: error }, "status could not be made");
      made = refuse(500, "The agent could not make its status; its log says why.");
    }
    response.writeHead(made.status, {
      "content-type": `${made.type}; charset=utf-8`,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    response.end(request.method === "HEAD" ? undefined : made.body);
  }

  return {
    name: "status address",
    async start() {
      const made = createServer(
        { requestTimeout: 10_000, headersTimeout: 5000, maxHeaderSize: 8192 },
        (request, response) => void handle(request, response),
      );
      made.maxConnections = 64;
      await new Promise<void>((resolve, reject) => {
        made.once("error", (error) =>
          reject(listenFault("the status address", options.listen, "tcp", "--status-listen", error)),
        );
        made.listen(options.listen.port, options.listen.host, resolve);
      });
      server = made;
      health.set("ok", "Answers on this machine.");
    },
    async stop() {
      const closing = server;
      server = null;
      health.set("off", "stopped");
      if (closing === null) return;
      const closed = new Promise<void>((resolve) => closing.close(() => resolve()));
      closing.closeAllConnections();
      await closed;
    },
    health: () => health.current,
    get address() {
      const bound = server?.address();
      return bound === null || bound === undefined || typeof bound === "string"
        ? null
        : { host: bound.address, port: bound.port };
    },
  };
}

function outcomeOf(resumed: boolean | null): ResumeDocument["outcome"] {
  if (resumed === null) return "unknown";
  return resumed ? "resumed" : "not-paused";
}

/** `127.0.0.1:9443`, `localhost`, `[::1]:9443`. */
function isLocalHost(header: string | undefined): boolean {
  const host = /^(\[[0-9a-f:.]+\]|[^:]+)(:\d{1,5})?$/i.exec(header ?? "")?.[1];
  return host !== undefined && isLoopback(host.replace(/^\[|\]$/g, "").toLowerCase());
}

function json(body: object): Answer {
  return { status: 200, type: "application/json", body: `${JSON.stringify(body)}\n` };
}

function refuse(status: number, sentence: string): Answer {
  return { status, type: "text/plain", body: `${sentence}\n` };
}
