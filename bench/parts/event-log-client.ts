import {
  createEven6Port,
  createEventLogReader,
  EventCounters,
  EventJudge,
  type EventSourceConfig,
} from "@rollcall/collectors/event-log";
import type { LoginPort } from "@rollcall/collectors/login-port";
import { createIpSet } from "@rollcall/identity-core";
import { silentLogger } from "@rollcall/observability";
import { createNtlmContext, type SecurityContext } from "@rollcall/windows-rpc/auth";
import { createEventReader } from "@rollcall/windows-rpc/binxml";
import { connectRpc } from "@rollcall/windows-rpc/dcerpc";
import { EVENT_LOG, openEventLog } from "@rollcall/windows-rpc/even6";

/**
 * A process that reads an event log: `node event-log-client.ts stages PORT RECORDS` or `catch-up MAPPER_PORT RECORDS`. Says what
 * it found in one JSON line.
 */
const [kind, port = "0", count = "0"] = process.argv.slice(2);
const records = Number(count);
const WARM_UP = 20_000;
const nobody = createIpSet([]);
const site = {
  isInfrastructure: nobody.has,
  isController: (name: string) => /^dc1(\.|$)/i.test(name),
  addressesOf: () => [],
  hasDevice: () => false,
  principalOf: () => null,
};
const source = {
  id: "dc1",
  kind: "domain-controller",
  addressSpaceId: "main",
  lifetimeMs: 3_600_000,
} as const;

if (kind === "stages") await measureStages();
else await measureCatchUp();

/** The way of each event, with a watch on each stage: what the process used in all, and what of it where. */
async function measureStages(): Promise<void> {
  const spent = { unseal: 0, parse: 0, rule: 0 };
  const connection = await connectRpc({
    host: "127.0.0.1",
    port: Number(port),
    interface: EVENT_LOG,
    context: watched(createNtlmContext({ user: "reader", domain: "CORP", password: "right" }), (ms) => {
      spent.unseal += ms;
    }),
    timeoutMs: 30_000,
  });
  const session = openEventLog({ connection });
  const opened = await session.follow({ channel: "Security", query: "*" }, { kind: "oldest" });
  if (opened.kind !== "open") throw new Error(`the log was not opened: ${opened.kind}`);
  const reader = createEventReader();
  const counters = new EventCounters();
  const judge = new EventJudge({ source, rulesOff: [], rulesOn: [], site, counters });
  let read = 0;
  let bytes = 0;
  let begun = { cpuMs: processorMs(), at: performance.now() };
  for (let isWarm = false; read < records; ) {
    const got = await opened.cursor.next(256, 5000);
    if (got.kind !== "records") throw new Error(`no records: ${got.kind}`);
    const parsedAt = processorMs();
    const events = got.records.map(({ binXml }) => {
      bytes += binXml.length;
      const one = reader.read(binXml);
      if (one.kind !== "event") throw new Error(one.sentence);
      return one.event;
    });
    const judgedAt = processorMs();
    const judgeOne = judge.open({ receivedAt: Date.now(), clockOffsetMs: 0 });
    for (const event of events) judgeOne(event);
    spent.parse += judgedAt - parsedAt;
    spent.rule += processorMs() - judgedAt;
    read += events.length;
    if (isWarm || read < WARM_UP) continue;
    // Until then it is the compiler that is measured.
    isWarm = true;
    read = 0;
    bytes = 0;
    Object.assign(spent, { unseal: 0, parse: 0, rule: 0 });
    begun = { cpuMs: processorMs(), at: performance.now() };
  }
  told({
    read,
    bytesEach: Math.round(bytes / read),
    cpuMs: processorMs() - begun.cpuMs,
    wallMs: performance.now() - begun.at,
    ...spent,
    matched: counters.get("matched"),
  });
}

/** The whole reader as an agent has it, and what its memory does meanwhile. */
async function measureCatchUp(): Promise<void> {
  const config: EventSourceConfig = {
    id: source.id,
    name: "DC 1",
    kind: source.kind,
    host: "127.0.0.1",
    addressSpaceId: source.addressSpaceId,
    catchUpMinutes: 60,
    lifetimeMinutes: 60,
    rulesOff: [],
    rulesOn: [],
    shares: [],
    endpointMapperPort: Number(port),
    headerSigning: true,
  };
  const login: LoginPort = {
    withheld: async () => null,
    attempt: (logIn, ending) =>
      logIn({ user: "CORP\\reader", password: "right", realm: null, kdcs: [], allowNtlm: true }, ending),
    untilUsable: async () => undefined,
  };
  const decoder = createEventReader();
  const reader = createEventLogReader({
    config,
    port: createEven6Port({
      config,
      login,
      prepare: async ({ password }) => ({
        kind: "ready",
        context: createNtlmContext({ user: "reader", domain: "CORP", password }),
        by: "NTLM",
        isProved: false,
        isFresh: true,
      }),
    }),
    decode: (binXml) => decoder.read(binXml),
    site,
    askClockOffset: async () => 0,
    now: Date.now,
    log: silentLogger,
    random: Math.random,
    test: async () => [],
  });
  const begunAt = performance.now();
  const rss: number[] = [];
  const live: number[] = [];
  let observations = 0;
  let foundAt = 0;
  const stop = new AbortController();
  for await (const batch of reader.collect({ after: null, signal: stop.signal })) {
    foundAt ||= performance.now();
    observations += batch.observations.length;
    const received = reader.health()[0]?.counters.received ?? 0;
    if (received >= ((rss.length + 1) * records) / 10) {
      globalThis.gc?.();
      const memory = process.memoryUsage();
      rss.push(memory.rss);
      live.push(memory.heapUsed + memory.external);
    }
    if (received >= records) break;
  }
  told({
    wallMs: performance.now() - begunAt,
    searchMs: foundAt - begunAt,
    observations,
    rssMb: inMb(rss),
    liveMb: inMb(live),
  });
  process.exit(0);
}

function watched(context: SecurityContext, spend: (ms: number) => void): SecurityContext {
  return {
    authType: context.authType,
    get isEstablished() {
      return context.isEstablished;
    },
    signatureLength: context.signatureLength,
    start: () => context.start(),
    next: (token) => context.next(token),
    seal: (message) => context.seal(message),
    unseal(message, token) {
      const begunAt = processorMs();
      context.unseal(message, token);
      spend(processorMs() - begunAt);
    },
  };
}

/** What this process has used of a processor: on a busy machine the clock on the wall measures others too. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function inMb(bytes: readonly number[]): readonly number[] {
  return bytes.map((one) => Math.round(one / 1_048_576));
}

function told(what: object): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}
