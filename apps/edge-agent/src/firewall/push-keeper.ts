import type { PushState, PushTarget } from "@rollcall/agent-protocol";
import type { Secret } from "@rollcall/config";
import type { EntryFilter, EntrySource } from "@rollcall/identity-core";
import type { Logger } from "@rollcall/observability";
import { createWebApiClient, PushRun, type PushTransport } from "@rollcall/srx-push";
import { openSecret, type SecretContext } from "../sources/secret-opener.ts";
import type { Clock } from "../supervisor/clock.ts";
import { HealthRecord, type Part } from "../supervisor/part.ts";
import { type DarkenedPoint, filterOf, type PointReceiver } from "./dark-keeper.ts";
import type { PushStore } from "./push-store.ts";

/** The name that firewalls show as the source of what they were told. A logoff carries the same. */
const SOURCE_LABEL = "Rollcall";
const PROGRESS_MS = 2000;
/** The file of what was told could not be opened: so long until it is tried again. */
const RETRY_MS = 10_000;
/** A password that could not be opened is tried again so often: its file may be put there, or its mode set, at any time. */
const SECRET_RETRY_MS = 60_000;
/** The portal may have given the posting to another agent while this one was not running: so long is its word awaited. */
const PORTAL_WORD_MS = 120_000;

export interface PushKeeperOptions {
  readonly source: () => EntrySource;
  /** Opened when the first firewall is to be posted to: an agent without any has no such file. */
  readonly openStore: () => PushStore;
  readonly identity: () => SecretContext["identity"];
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

/** Where the points come from: it decides which secrets may be opened and what may be trusted. */
export interface PointOrigin {
  readonly isPortals: boolean;
  /** Folder that paths of secret files start from; null where no local file is used. */
  readonly baseFolder: string | null;
}

/** Posts to the Web API of each firewall whose point says so, and changes over to other points without a restart. */
export interface PushKeeper extends Part, PointReceiver {
  /** Said before the points that come from there. */
  setOrigin(origin: PointOrigin): void;
  /** The portal has said what it wants since this process began: points that it gave are posted to from now on. */
  portalSpoke(): void;
  /** Something may have changed in the table. */
  wake(): void;
  states(): readonly PushState[];
  /** Tells a firewall everything again; null: this agent does not post to it. Rejects when it takes too long. */
  resync(
    enforcementPointId: string,
    signal: AbortSignal,
    onProgress: (sentence: string) => void,
  ): Promise<number | null>;
}

interface Running {
  /** What it was made of: a difference means another one. */
  readonly key: string;
  readonly run: PushRun | null;
  /** Why nothing is posted, where nothing is. */
  readonly refusal: string | null;
  /** What is in the way may go away without a change of the configuration. */
  readonly mayRetry?: boolean;
  filter: EntryFilter;
  stop(): Promise<void>;
}

export function createPushKeeper(options: PushKeeperOptions): PushKeeper {
  const { clock, log } = options;
  const health = new HealthRecord(clock.now, "off", "not started");
  const running = new Map<string, Running>();
  let store: PushStore | null = null;
  let points: readonly DarkenedPoint[] = [];
  let origin: PointOrigin = { isPortals: false, baseFolder: null };
  let isRunning = false;
  /** Epoch ms; null: heard. */
  let portalAwaitedUntil: number | null = clock.now() + PORTAL_WORD_MS;
  let changing: Promise<void> = Promise.resolve();
  let stopping = new AbortController();
  let isRetryDue = false;

  function change(): Promise<void> {
    // One after the other: two changes at once could leave two posting to one firewall.
    changing = changing.then(reconcile).catch((error: unknown) => {
      health.set("broken", "Firewalls are not posted to: what they were told cannot be read.");
      log.error({ err: error, attempted: "begin posting to firewalls" }, "push cannot begin");
      void clock.sleep(RETRY_MS, stopping.signal).then(change, () => undefined);
    });
    return changing;
  }

  async function reconcile(): Promise<void> {
    const isSilent = portalAwaitedUntil !== null && clock.now() < portalAwaitedUntil;
    const wanted = isRunning ? points.filter(({ push }) => push && !(isSilent && push.turn > 0)) : [];
    const ids = new Set(wanted.map(({ id }) => id));
    for (const [id, one] of running) {
      if (ids.has(id)) continue;
      running.delete(id);
      await one.stop();
    }
    if (wanted.length > 0 && store === null) {
      store = options.openStore();
      store.forgetOthers(ids);
    }
    for (const point of wanted) {
      const { push } = point;
      if (push === undefined || store === null) continue;
      const filter = filterOf(point);
      const before = running.get(point.id);
      const key = JSON.stringify([push, point.reannounceMinutes, origin]);
      if (before?.key === key && before.mayRetry !== true) {
        if (JSON.stringify(before.filter) !== JSON.stringify(filter)) before.filter = filter;
        before.run?.wake();
        continue;
      }
      // One that is only tried again stays to be seen meanwhile.
      if (before?.key !== key) running.delete(point.id);
      await before?.stop();
      running.set(
        point.id,
        await begin(point, push, store, { key, filter, before: before?.refusal ?? null }),
      );
    }
    if ([...running.values()].some(({ mayRetry }) => mayRetry === true)) retryLater();
    const awaiting = isRunning ? points.filter(({ push }) => push).length - wanted.length : 0;
    health.set(
      "ok",
      awaiting === 0
        ? `${running.size} firewalls are posted to`
        : `${running.size} firewalls are posted to; ${awaiting} wait for the portal to say whether this agent still posts`,
    );
  }

  function retryLater(): void {
    if (isRetryDue || !isRunning) return;
    isRetryDue = true;
    const { signal } = stopping;
    void clock.sleep(SECRET_RETRY_MS, signal).then(
      () => {
        isRetryDue = false;
        return change();
      },
      () => undefined,
    );
  }

  async function begin(
    point: DarkenedPoint,
    push: PushTarget,
    from: PushStore,
    { key, filter, before }: Pick<Running, "key" | "filter"> & { readonly before: string | null },
  ): Promise<Running> {
    const refused = (sentence: string, mayRetry = false): Running => {
      if (sentence !== before)
        log.error({ enforcementPointId: point.id, reason: sentence }, "firewall is not posted to");
      return { key, filter, run: null, refusal: sentence, mayRetry, stop: async () => undefined };
    };
    if (origin.isPortals && push.dangerouslyTrustAnyCertificate)
      return refused(
        "The portal asks to post without checking the certificate; an agent does that only by its own configuration file. Give the certificate or its CA in the portal.",
      );
    const opened = await openSecret(push.password, {
      identity: options.identity(),
      baseFolder: origin.isPortals ? null : origin.baseFolder,
    });
    if (opened.kind === "refused") return refused(opened.sentence, true);
    const transport = transportTo(push, opened.secret, clock);
    const ending = new AbortController();
    const made: Running = {
      key,
      filter,
      refusal: null,
      run: new PushRun({
        enforcementPointId: point.id,
        source: options.source,
        filter: () => made.filter,
        place: push.url,
        sourceLabel: SOURCE_LABEL,
        memory: from.memoryOf(point.id),
        transport,
        maxPostsPerSecond: push.maxPostsPerSecond,
        turn: push.turn,
        reannounceMs: point.reannounceMinutes * 60_000,
        clock,
        random: options.random,
        log,
      }),
      async stop() {
        ending.abort();
        await ended;
        transport.close();
      },
    };
    const ended = made.run?.run(ending.signal) ?? Promise.resolve();
    return made;
  }

  return {
    name: "push",
    async start() {
      isRunning = true;
      isRetryDue = false;
      stopping = new AbortController();
      if (portalAwaitedUntil !== null) {
        portalAwaitedUntil = clock.now() + PORTAL_WORD_MS;
        void clock.sleep(PORTAL_WORD_MS, stopping.signal).then(change, () => undefined);
      }
      await change();
    },
    async stop() {
      isRunning = false;
      stopping.abort();
      await change();
      store?.close();
      store = null;
      health.set("off", "stopped");
    },
    health: () => health.current,
    setOrigin(next) {
      origin = next;
    },
    setPoints(next) {
      points = next;
      if (isRunning) void change();
    },
    portalSpoke() {
      if (portalAwaitedUntil === null) return;
      portalAwaitedUntil = null;
      if (isRunning) void change();
    },
    wake() {
      for (const { run } of running.values()) run?.wake();
    },
    states: () => [...running].map(([id, { run, refusal }]) => stateOf(id, run, refusal)),
    async resync(id, signal, onProgress) {
      const run = running.get(id)?.run ?? null;
      if (run === null) return null;
      const done = run.resync();
      const ending = new AbortController();
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true, signal: ending.signal });
      });
      const telling = (async () => {
        while (!ending.signal.aborted && !signal.aborted) {
          await clock.sleep(PROGRESS_MS, ending.signal).catch(() => undefined);
          if (!ending.signal.aborted) onProgress(`${run.toldInRound} entries told. ${run.status().sentence}`);
        }
      })();
      try {
        return await Promise.race([done, aborted]);
      } finally {
        ending.abort();
        await telling;
      }
    },
  };
}

function transportTo(push: PushTarget, password: Secret, clock: Clock): PushTransport {
  const { url, user, caPem, dangerouslyTrustAnyCertificate } = push;
  return createWebApiClient(
    { url, user, password, dangerouslyTrustAnyCertificate, ...(caPem === undefined ? {} : { caPem }) },
    { now: clock.now },
  );
}

const SENTENCE_MAX = 500;

function stateOf(enforcementPointId: string, run: PushRun | null, refusal: string | null): PushState {
  if (run === null)
    return {
      enforcementPointId,
      state: "refused",
      sentence: (refusal ?? "Nothing is posted.").slice(0, SENTENCE_MAX),
      lastPostAt: null,
      lastOkAt: null,
      posts: 0,
      entries: 0,
      failures: 0,
      refusedPosts: [],
      pending: 0,
    };
  const { refusedPosts, sentence, ...status } = run.status();
  return {
    ...status,
    enforcementPointId,
    sentence: sentence.slice(0, SENTENCE_MAX),
    refusedPosts: [...refusedPosts],
  };
}
