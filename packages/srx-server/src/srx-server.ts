import { randomBytes } from "node:crypto";
import type { AddressInfo, Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { EntrySource, EpochMs } from "@rollcall/identity-core";
import { type Logger, silentLogger } from "@rollcall/observability";
import { createCursorCodec } from "@rollcall/srx-protocol";
import { ConnectionGate } from "./connection-gate.ts";
import type { ContactRecorder } from "./contact-recorder.ts";
import { type Counters, createCounters } from "./counters.ts";
import type { CreateEngine, Engine } from "./engine.ts";
import { FailureThrottle } from "./failure-throttle.ts";
import { FormerFilters } from "./former-filters.ts";
import { Learning, type LearnReport } from "./learning.ts";
import { ListenError } from "./listen-error.ts";
import type { IpMiss, ListenerParts } from "./listener-parts.ts";
import { createNodeEngine } from "./node-engine.ts";
import { createOwnEngine } from "./own-engine.ts";
import { type Peer, peerAddressOf, rememberPeer } from "./peer.ts";
import { createRequestHandler } from "./request-handler.ts";
import { ResendClock } from "./resend-clock.ts";
import type { Awaitable, PointDirectory, ServedPoint } from "./served-point.ts";
import { StrangerGate } from "./stranger-gate.ts";
import { createContextCache, type TlsIdentity, type TlsMode, tlsSettings } from "./tls-settings.ts";
import type { TokenStore } from "./token-store.ts";
import { type UnknownShape, UnknownShapes } from "./unknown-shapes.ts";
import type { UserReport, UserReportOutcome } from "./user-report.ts";

export interface SrxServerLimits {
  readonly connectionsMax: number;
  /** One firewall keeps up to 20 for address queries; several may stand behind one address. */
  readonly connectionsPerSourceMax: number;
  readonly bodyBytesMax: number;
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly handshakeTimeoutMs: number;
  /** Well above the longest pause between two polls (60 s), so that a poll never meets a connection just being closed. */
  readonly keepAliveTimeoutMs: number;
  /** A reader that takes nothing of its answer for so long is closed. */
  readonly stalledAnswerMs: number;
  readonly stopBudgetMs: number;
  /** What pages of the table, kept as text for the next firewall that asks the same, may hold together. */
  readonly pageBytesMax: number;
  /**
   * Full tables that one firewall may begin at once, and each second after that: more than one needs that loses its cookie
   * each time, fewer than one that asks in a loop takes.
   */
  readonly fullTables: { readonly burst: number; readonly perSecond: number };
}

export const DEFAULT_LIMITS: SrxServerLimits = {
  connectionsMax: 4000,
  connectionsPerSourceMax: 200,
  bodyBytesMax: 64 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 20_000,
  handshakeTimeoutMs: 10_000,
  keepAliveTimeoutMs: 90_000,
  stalledAnswerMs: 60_000,
  stopBudgetMs: 10_000,
  pageBytesMax: 64 * 1024 * 1024,
  fullTables: { burst: 60, perSecond: 1 },
};

export interface SrxServerOptions {
  readonly listen: { readonly host: string; readonly port: number };
  readonly tls: TlsIdentity;
  /** `compat` unless said otherwise. */
  readonly tlsMode?: ListenerTlsMode;
  /** Another identity for a name the client asks for; null: the one above. */
  readonly sni?: (servername: string) => Awaitable<TlsIdentity | null>;
  readonly points: PointDirectory;
  readonly tokens: TokenStore;
  /** The table a point is answered from. A rejection is answered 503. */
  readonly sourceFor: (point: ServedPoint) => Awaitable<EntrySource>;
  /** At least 12 bytes, keyed alike in all gateways of one issuer. */
  readonly cursorMac: (bytes: Uint8Array) => Uint8Array;
  readonly contacts: ContactRecorder;
  /**
   * Told of an address nobody is known at, or that is to be looked at anew. It must return at once: null, or a promise where
   * somebody finds out; the table is then looked at again once it resolves, or after as long as a firewall waits.
   */
  readonly onIpMiss?: (miss: IpMiss) => Promise<unknown> | null;
  /**
   * Writes what a firewall reports of a person; answered once it is durable, and once the table it is answered from knows.
   * Absent: reports are refused.
   */
  readonly onUserReport?: (report: UserReport) => Awaitable<UserReportOutcome>;
  readonly now?: () => EpochMs;
  readonly log?: Logger;
  readonly limits?: Partial<SrxServerLimits>;
  /** What reads HTTP: our own reader unless said otherwise, see docs/adr/0012-own-http-reader.md. */
  readonly engine?: EngineName;
}

/** TLS 1.0 has a process of its own. */
export type ListenerTlsMode = Exclude<TlsMode, "legacy">;

export type EngineName = "own" | "node";

const ENGINES: Readonly<Record<EngineName, CreateEngine>> = { own: createOwnEngine, node: createNodeEngine };

export interface SrxServerHealth {
  readonly state: "ok" | "broken" | "off";
  readonly sentence: string;
  readonly counters: Readonly<Counters> & {
    readonly connections: number;
    readonly connectionsRefused: number;
  };
}

export interface SrxServer {
  /** Resolves once connections are taken. Errors: `ListenError` with what was attempted. */
  start(): Promise<void>;
  /** Takes no more connections, finishes what is being answered, then closes. May be called twice. */
  stop(): Promise<void>;
  /** New handshakes use it at once; open connections stay. The mode stays where none is given. */
  setTls(identity: TlsIdentity, mode?: ListenerTlsMode): void;
  /** Answers a connection that another process of ours has secured, as if that peer had come here. */
  take(socket: Socket, peer: Peer): void;
  /** Where it listens; null while it does not. */
  readonly address: { readonly host: string; readonly port: number } | null;
  health(): SrxServerHealth;
  /** Requests nobody knew, redacted, newest first, at most 50. */
  unknownShapes(): readonly UnknownShape[];
  /** What learning has come to, of one customer or of all. */
  learning(tenantId?: string): readonly LearnReport[];
  /** Takes away what is remembered of a point that is gone. */
  forget(tenantId: string, pointId: string): void;
}

const TICKET_KEY_BYTES = 48;
const TICKET_KEY_LIFETIME_MS = 12 * 60 * 60_000;

/**
 * The listener that firewalls ask: HTTPS/1.1, works without SNI and without ALPN.
 *
 * Holds tokens' memory and connections, never a copy of the table. Every limit closes the peer that passes it and counts it.
 * Source: docs/protocol/srx-query.md, "the connection".
 */
export function createSrxServer(options: SrxServerOptions): SrxServer {
  const limits: SrxServerLimits = { ...DEFAULT_LIMITS, ...options.limits };
  const log = options.log ?? silentLogger;
  const counters = createCounters();
  const unknownShapes = new UnknownShapes();
  const gate = new ConnectionGate(limits.connectionsPerSourceMax);
  let engine: Engine | null = null;
  let ticketTimer: NodeJS.Timeout | null = null;
  let stopping: Promise<void> | null = null;
  let identity = options.tls;
  let mode: ListenerTlsMode = options.tlsMode ?? "compat";

  const learning = new Learning(options.now ?? Date.now, log);
  const parts: ListenerParts = {
    points: options.points,
    tokens: options.tokens,
    sourceFor: options.sourceFor,
    cursors: createCursorCodec({ mac: options.cursorMac }),
    contacts: options.contacts,
    onIpMiss: options.onIpMiss,
    onUserReport: options.onUserReport,
    learning,
    resends: new ResendClock(),
    formers: new FormerFilters(),
    throttle: new FailureThrottle(),
    strangers: new StrangerGate(),
    unknownShapes,
    counters,
    pageBytesMax: limits.pageBytesMax,
    fullTables: limits.fullTables,
    now: options.now ?? Date.now,
    log,
  };
  const handle = createRequestHandler(parts, () => stopping !== null);

  const build = (): Engine => {
    const made = ENGINES[options.engine ?? "own"]({
      tls: {
        ...tlsSettings(identity, mode),
        ...(options.sni === undefined ? {} : { SNICallback: sniCallback(options.sni, () => mode, log) }),
        handshakeTimeout: limits.handshakeTimeoutMs,
      },
      limits,
      counters,
      handle,
    });
    const { server } = made;
    server.maxConnections = limits.connectionsMax;
    server.on("connection", (socket: Socket) => gate.admit(socket));
    // A renegotiation costs us far more than the client that asks for it.
    server.on("secureConnection", (socket) => {
      if (socket instanceof TLSSocket) socket.disableRenegotiation();
    });
    server.on("tlsClientError", (error, socket) => {
      // Failed in its handshake: nothing can be said to it, and Node leaves closing it to us.
      counters.handshakesFailed += 1;
      // A firewall that is too old, or was given another CA, shows nowhere else.
      const peer = peerAddressOf(socket);
      if (parts.strangers.maySay(peer, parts.now()))
        log.warn({ peer, reason: error.message }, "handshake with a firewall failed");
      socket.destroy();
    });
    return made;
  };

  return {
    async start() {
      if (engine !== null) return;
      const made = build();
      const { server } = made;
      const { host, port } = options.listen;
      await new Promise<void>((resolve, reject) => {
        server.once("error", (error: NodeJS.ErrnoException) => {
          made.dispose();
          reject(new ListenError(host, port, error));
        });
        server.listen({ host, port }, resolve);
      });
      server.removeAllListeners("error");
      server.on("error", (error) =>
        log.error({ err: error, attempted: "take connections of firewalls" }, "listener failed"),
      );
      engine = made;
      stopping = null;
      ticketTimer = setInterval(
        () => server.setTicketKeys(randomBytes(TICKET_KEY_BYTES)),
        TICKET_KEY_LIFETIME_MS,
      );
      ticketTimer.unref();
      log.info({ address: host, port: (server.address() as AddressInfo).port }, "firewalls may ask");
    },
    stop() {
      if (engine === null) return Promise.resolve();
      if (ticketTimer !== null) clearInterval(ticketTimer);
      const giveUp = (): void => {
        log.warn(
          { delayMs: limits.stopBudgetMs, count: gate.open },
          "connections of firewalls closed unanswered",
        );
        gate.closeAll();
      };
      stopping ??= drain(engine, giveUp, limits.stopBudgetMs).then(() => {
        engine = null;
      });
      return stopping;
    },
    setTls(next, nextMode = mode) {
      identity = next;
      mode = nextMode;
      engine?.server.setSecureContext(tlsSettings(identity, mode));
    },
    take(socket, peer) {
      rememberPeer(socket, peer);
      if (engine === null || stopping !== null) {
        socket.destroy();
        return;
      }
      gate.admit(socket);
      if (!socket.destroyed) engine.take(socket);
    },
    get address() {
      const bound = engine?.server.address();
      return bound === null || bound === undefined || typeof bound === "string"
        ? null
        : { host: bound.address, port: bound.port };
    },
    health() {
      const connections = gate.open;
      const state = engine === null || stopping !== null ? "off" : "ok";
      const { host, port } = options.listen;
      const sentence =
        state === "ok" ? `Firewalls may ask at ${host}:${this.address?.port ?? port}.` : "Not listening.";
      return { state, sentence, counters: { ...counters, connections, connectionsRefused: gate.refused } };
    },
    unknownShapes: () => unknownShapes.list(),
    learning: (tenantId) => learning.reports(tenantId),
    forget(tenantId, pointId) {
      learning.forget(tenantId, pointId);
      parts.formers.forget(tenantId, pointId);
    },
  };
}

function sniCallback(sni: NonNullable<SrxServerOptions["sni"]>, mode: () => TlsMode, log: Logger) {
  const contextOf = createContextCache();
  return (
    servername: string,
    done: (error: Error | null, context?: ReturnType<typeof contextOf>) => void,
  ): void => {
    const choose = async (): Promise<ReturnType<typeof contextOf> | undefined> => {
      const chosen = await sni(servername);
      return chosen === null ? undefined : contextOf(chosen, mode());
    };
    choose().then(
      (context) => done(null, context),
      (error: unknown) => {
        // The default identity is better than no answer: the firewall decides whether it accepts it.
        log.error(
          { err: error, attempted: "choose a certificate by name" },
          "certificate could not be chosen",
        );
        done(null, undefined);
      },
    );
  };
}

/** Closes idle connections at once, the others after their answer, and what is left when the budget is spent. */
async function drain(engine: Engine, giveUp: () => void, budgetMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => engine.server.close(() => resolve()));
  engine.closeIdle();
  const timer = setTimeout(giveUp, budgetMs);
  await closed;
  clearTimeout(timer);
  engine.dispose();
}
