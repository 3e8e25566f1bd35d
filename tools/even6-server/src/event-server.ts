import { EVENT_LOG } from "@rollcall/windows-rpc/even6";
import { type PlainEvent, plainRecord, type RecordChanges } from "@rollcall/windows-rpc/even6/testing";
import {
  endpointMapper,
  type NtlmLogin,
  type RpcServer,
  startRpcServer,
  type TestAccount,
} from "@rollcall/windows-rpc/testing";
import { eventLogService } from "./event-log-service.ts";
import { findMould, type Mould } from "./moulds.ts";
import { ServedLog } from "./served-log.ts";

export interface ServedAccount extends TestAccount {
  /** Whether it is in Event Log Readers; it is unless said otherwise. */
  readonly mayRead?: boolean;
}

export interface EventServerOptions {
  /** Full name of the server, written into its records. */
  readonly computer: string;
  readonly channels: readonly string[];
  readonly accounts: readonly ServedAccount[];
  readonly moulds: readonly Mould[];
  readonly host?: string;
  /** 0: any that is free. */
  readonly mapperPort?: number;
  readonly servicePort?: number;
  /** NetBIOS name of the domain. */
  readonly domain?: string;
  readonly onLogin?: (login: NtlmLogin) => void;
  /** Epoch ms. */
  readonly now?: () => number;
}

export interface RecordToAdd {
  readonly eventId: number;
  /** Values that the mould must have, such as a `LogonType`. */
  readonly like?: Readonly<Record<string, string>>;
  readonly set?: Readonly<Record<string, string>>;
  /** ISO 8601; now where absent. */
  readonly at?: string;
  /** The computer that wrote it; this server where absent. */
  readonly computer?: string;
  /** What it says that it was written to; as the real record has it where absent. */
  readonly channel?: string;
}

export interface EventServer {
  readonly mapperPort: number;
  readonly servicePort: number;
  readonly isRunning: boolean;
  /** Logins since the start, refused ones among them. */
  readonly logins: { readonly accepted: number; readonly refused: number };
  log(channel: string): ServedLog;
  /** Writes a record like a real one of that event. Errors: `RangeError` where no file holds such an event. */
  add(channel: string, record: RecordToAdd): bigint;
  /** Writes a record of which there is no real one. */
  addPlain(
    channel: string,
    event: Omit<PlainEvent, "recordId" | "channel" | "computer" | "time"> & {
      readonly at?: string;
    },
  ): bigint;
  /** Empties a log, and writes the event that says so. `countsAnew`: as no Windows does, its records are numbered from 1. */
  clear(channel: string, countsAnew?: boolean): void;
  setAccounts(accounts: readonly ServedAccount[]): void;
  /** Every answer takes that much longer. */
  setSlowness(ms: number): void;
  /** Queries that hold this text are refused as not understood; null: none. */
  refuseQueriesWith(text: string | null): void;
  dropConnections(): void;
  /** Stops answering; the logs stay. */
  stop(): Promise<void>;
  /** Answers again, at the same ports. */
  start(): Promise<void>;
}

const CLEARED = 1102;

/** A Windows server with event logs, for tests: endpoint mapper and event log service, each on a port of its own. */
export async function startEventServer(options: EventServerOptions): Promise<EventServer> {
  const { computer, moulds, host = "127.0.0.1", now = Date.now } = options;
  const logs = new Map(options.channels.map((channel) => [channel.toLowerCase(), new ServedLog(channel)]));
  const logins = { accepted: 0, refused: 0 };
  let accounts = options.accounts;
  let slownessMs = 0;
  let refusedText: string | null = null;
  let running: { readonly mapper: RpcServer; readonly service: RpcServer } | null = null;
  let ports = { mapper: options.mapperPort ?? 0, service: options.servicePort ?? 0 };

  const start = async () => {
    if (running !== null) return;
    const service = await startRpcServer({
      host,
      port: ports.service,
      accounts,
      ...(options.domain === undefined ? {} : { domain: options.domain }),
      interfaces: [
        eventLogService({
          logs,
          mayRead: (account) =>
            accounts.find(({ user }) => user.toLowerCase() === account?.toLowerCase())?.mayRead ?? true,
          slownessMs: () => slownessMs,
          takesQuery: (query) => refusedText === null || !query.includes(refusedText),
        }),
      ],
      onLogin: (login) => {
        logins[login.kind] += 1;
        options.onLogin?.(login);
      },
    });
    const mapper = await startRpcServer({
      host,
      port: ports.mapper,
      interfaces: [endpointMapper(() => [{ ...EVENT_LOG, port: service.port }])],
    });
    ports = { mapper: mapper.port, service: service.port };
    running = { mapper, service };
  };
  const logOf = (channel: string): ServedLog => {
    const log = logs.get(channel.toLowerCase());
    if (log === undefined) throw new RangeError(`this server has no log ${channel}`);
    return log;
  };
  const timeOf = (at: string | undefined) => at ?? new Date(now()).toISOString();

  const addPlain: EventServer["addPlain"] = (channel, { at, ...event }) => {
    const log = logOf(channel);
    return log.add(
      plainRecord({ ...event, channel: log.channel, computer, recordId: log.nextNumber, time: timeOf(at) }),
    );
  };

  await start();
  return {
    get mapperPort() {
      return ports.mapper;
    },
    get servicePort() {
      return ports.service;
    },
    get isRunning() {
      return running !== null;
    },
    logins,
    log: logOf,
    add(channel, record) {
      const mould = findMould(moulds, record.eventId, record.like);
      if (mould === null) throw new RangeError(`no file holds an event ${record.eventId} like that`);
      const changes: RecordChanges = {
        system: {
          Computer: record.computer ?? computer,
          "TimeCreated.SystemTime": timeOf(record.at),
          ...(record.channel === undefined ? {} : { Channel: record.channel }),
        },
        data: record.set ?? {},
      };
      const isForwarded = record.computer !== undefined && record.computer !== computer;
      return logOf(channel).add(mould.binXml, changes, isForwarded);
    },
    addPlain,
    clear(channel, countsAnew = false) {
      logOf(channel).clear(countsAnew);
      addPlain(channel, {
        provider: "Microsoft-Windows-Eventlog",
        eventId: CLEARED,
        keywords: "0x4020000000000000",
      });
    },
    setAccounts(changed) {
      accounts = changed;
      running?.service.setAccounts(changed);
    },
    setSlowness(ms) {
      slownessMs = ms;
    },
    refuseQueriesWith(text) {
      refusedText = text;
    },
    dropConnections() {
      running?.service.dropConnections();
    },
    async stop() {
      const stopped = running;
      running = null;
      await Promise.all([stopped?.mapper.close(), stopped?.service.close()]);
    },
    start,
  };
}
