import { setTimeout as sleep } from "node:timers/promises";
import type { Entry, EntrySource } from "@rollcall/identity-core";
import {
  type BatchRequest,
  type CleaningFlag,
  type IpRequest,
  NO_FILTER,
  type RawRequest,
  type RequestWarning,
  redactRequest,
  type SrxProfile,
  type UserRequest,
  unavailable,
} from "@rollcall/srx-protocol";
import { answerBatch, beginsAnew } from "./answer-batch.ts";
import { CappedSources } from "./capped-source.ts";
import { type ListenerParts, recordRefusal } from "./listener-parts.ts";
import { LoopShare } from "./loop-share.ts";
import { PageCache } from "./page-cache.ts";
import { type PreparedAnswer, prepare, prepareBatch } from "./prepared-answer.ts";
import { RateBucket } from "./rate-bucket.ts";
import type { Reader } from "./reader.ts";
import { readerFilter } from "./reader-memory.ts";
import { readAhead } from "./time-index.ts";
import { tooManyTables } from "./too-many-tables.ts";
import { readUserReport, type UserReport, type UserReportOutcome } from "./user-report.ts";

/** What of a request decides whether it is the same question as before. */
export interface Question {
  readonly url: string;
  readonly cookieHeader: string | undefined;
  /** False for a question with a body: it is never remembered. */
  readonly isBare: boolean;
}

/** Answers the questions of a firewall whose token holds. Each answer is counted and told to the contact recorder. */
export interface QueryRoute {
  /** The answer given last, where question, reader and table are still the same: an idle firewall costs next to nothing. */
  same(question: Question, reader: Reader, source: EntrySource): PreparedAnswer | null;
  /** Waits for its turn where a page must be written and others are being written. */
  batch(
    request: BatchRequest,
    question: Question,
    reader: Reader,
    source: EntrySource,
  ): Promise<PreparedAnswer>;
  /** Waits, at most as long as a firewall waits, where somebody finds out who is at an address. */
  ip(request: IpRequest, reader: Reader, source: EntrySource): PreparedAnswer | Promise<PreparedAnswer>;
  /** Waits until a report is durable, at most as long as a firewall waits. */
  user(request: UserRequest, raw: RawRequest, reader: Reader): Promise<PreparedAnswer>;
  unknownShape(reason: string, raw: RawRequest, reader: Reader): PreparedAnswer;
}

/** What writing pages may take of one turn of the event loop before the others are heard: about one full page. */
const PAGE_SHARE_MS = 2;
/** A firewall waits two seconds for an answer. */
const REPORT_MS_MAX = 1800;
const FINDING_MS_MAX = 1800;
/** Questions that wait for somebody to find out; more are answered with what is known. */
const FINDINGS_WAITING_MAX = 500;
/** Reports being written at once; more are told to come again. */
const REPORTS_WAITING_MAX = 500;
const LATE_RETRY_SECONDS = 5;

/** A firewall that begins the table too often waits for its turn for so long at most; beyond that it is told when to come back. */
const PULL_WAIT_MS_MAX = 2000;
/** Firewalls whose beginnings are counted. */
const PULLERS_MAX = 20_000;

export function createQueryRoute(parts: ListenerParts): QueryRoute {
  const { counters } = parts;
  const altered = new Set<string>();
  const onAltered = (flags: readonly CleaningFlag[]): void => {
    counters.entriesAltered += 1;
    for (const reason of flags) {
      if (altered.has(reason)) continue;
      altered.add(reason);
      parts.log.warn({ reason }, "an entry was changed to fit a firewall; the counter says how many follow");
    }
  };
  const pages = new PageCache({ bytesMax: parts.pageBytesMax, onAltered });
  const turns = new LoopShare(PAGE_SHARE_MS, 0.5);
  const caps = new CappedSources(parts);
  const pulls = new RateBucket({ ...parts.fullTables, namesMax: PULLERS_MAX });
  let reportsWaiting = 0;
  let findingsWaiting = 0;

  /** Says what of a question was passed over: once, not with every poll. */
  const warn = (reader: Reader, warnings: readonly RequestWarning[]): void => {
    const reason = warnings
      .map(({ kind, parameter, reason }) => `${kind} ${parameter}: ${reason}`)
      .join("; ");
    const { memory } = reader.record;
    if (memory.warned === reason) return;
    memory.warned = reason;
    if (reason === "") return;
    const { id: enforcementPointId, tenantId } = reader.point;
    parts.log.warn({ enforcementPointId, tenantId, reason }, "part of a firewall's question was passed over");
  };

  const count = (reader: Reader, newest: readonly Entry[], sent: number): void => {
    counters.batches += 1;
    counters.entriesSent += sent;
    parts.contacts.batch(reader.point, reader.sourceIp, parts.now(), newest, sent);
  };

  const encoderOf = (profile: SrxProfile) => (entry: Entry) => {
    const encoded = profile.encodeEntry(entry);
    if (encoded.flags.length > 0) onAltered(encoded.flags);
    return encoded;
  };

  const keepShape = (reason: string, raw: RawRequest, { point }: Reader): void => {
    const { tenantId, id: pointId } = point;
    parts.unknownShapes.add({ at: parts.now(), tenantId, pointId, reason, request: redactRequest(raw) });
  };

  /** What became of a report once it is durable. `late`: it is still being written, and the firewall waits no longer. */
  const recordInTime = async (report: UserReport): Promise<UserReportOutcome | "late"> => {
    const { onUserReport } = parts;
    if (onUserReport === undefined)
      return { kind: "refused", sentence: "reports of users are not taken here" };
    if (reportsWaiting >= REPORTS_WAITING_MAX) return "late";
    reportsWaiting += 1;
    const waiting = (async () => await onUserReport(report))();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(() => resolve("late"), REPORT_MS_MAX);
    });
    try {
      return await Promise.race([waiting, late]);
    } finally {
      clearTimeout(timer);
      const done = (): void => {
        reportsWaiting -= 1;
      };
      waiting.then(done, done);
    }
  };

  /** Ends when `finding` does, well or not, and no later than a firewall waits. */
  const foundInTime = async (finding: Promise<unknown>): Promise<void> => {
    findingsWaiting += 1;
    const late = new AbortController();
    try {
      await Promise.race([
        finding.catch(() => undefined),
        sleep(FINDING_MS_MAX, undefined, { signal: late.signal }).catch(() => undefined),
      ]);
    } finally {
      late.abort();
      findingsWaiting -= 1;
    }
  };

  return {
    same(question, reader, source) {
      if (parts.resends.isDue(reader.point, reader.sourceIp, parts.now())) return null;
      const last = reader.record.memory.sameAnswer;
      if (last === null || !question.isBare) return null;
      if (last.url !== question.url || last.cookieHeader !== question.cookieHeader) return null;
      if (last.point !== reader.point || last.source !== source || last.incarnation !== source.incarnation)
        return null;
      if (last.revision !== source.revision || last.floorRevision !== source.floorRevision) return null;
      count(reader, [], 0);
      return last.answer;
    },

    async batch(decoded, question, { record, sourceIp, ...admitted }, table) {
      const { memory } = record;
      const mustBeginAnew = parts.learning.batchAsked(admitted.point, decoded);
      const point = mustBeginAnew ? parts.learning.servedAs(admitted.point) : admitted.point;
      const reader: Reader = { record, point, sourceIp };
      const request: BatchRequest = {
        ...decoded,
        limit: Math.min(decoded.limit, point.profile.limits.batchEntries),
        // What it was told under another profile it did not understand.
        position: mustBeginAnew ? { kind: "start" } : decoded.position,
      };
      const source = caps.sourceOf(point, table);
      warn(reader, request.warnings);
      if (beginsAnew(request, { source, point, cursors: parts.cursors, memory, now: parts.now() })) {
        const firewall = `${point.tenantId}\u0000${point.id}\u0000${sourceIp}`;
        const waitMs = pulls.take(firewall, parts.now());
        if (waitMs > 0) counters.paced += 1;
        if (waitMs > PULL_WAIT_MS_MAX) {
          // One that is sent away costs nothing: else an hour of asking in a loop would be paid for by hours without a table.
          pulls.giveBack(firewall, parts.now());
          return prepare(tooManyTables(Math.ceil(waitMs / 1000)));
        }
        if (waitMs > 0) await sleep(waitMs);
      }
      const ask = () =>
        answerBatch(request, {
          source,
          point,
          cursors: parts.cursors,
          memory,
          pages,
          turns,
          now: parts.now(),
          formerly: parts.formers.of(point, parts.now()),
          isReannounceDue: parts.resends.isDue(point, sourceIp, parts.now()),
        });
      let answer = ask();
      while (answer === null) {
        await turns.next();
        answer = ask();
      }
      const { page, cookie } = answer;
      count(reader, page.newest, page.count);
      parts.learning.batchAnswered(point, page.newest);
      memory.toldRevision = Math.max(
        mustBeginAnew ? 0 : memory.toldRevision,
        page.newest.at(-1)?.revision ?? 0,
      );
      if (answer.resent !== null) {
        counters.resends += 1;
        parts.resends.begun(point, sourceIp, parts.now());
        readAhead(source);
        parts.log.info(
          { enforcementPointId: point.id, tenantId: point.tenantId, reason: answer.resent },
          "full table begun for a firewall",
        );
      }
      const prepared = prepareBatch(point.profile.frameBatch(cookie, page.count), page.body);
      const isEcho = request.position.kind === "cookie" && request.position.cookie === cookie;
      memory.sameAnswer =
        isEcho && question.isBare && page.count === 0 && source === table
          ? {
              url: question.url,
              cookieHeader: question.cookieHeader,
              point,
              source,
              incarnation: source.incarnation,
              revision: source.revision,
              floorRevision: source.floorRevision,
              answer: prepared,
            }
          : null;
      return prepared;
    },

    ip(request, reader, source) {
      const { point, record, sourceIp } = reader;
      warn(reader, request.warnings);
      const { narrowed } = readerFilter(record.memory, point.filter, request.filter);
      const find = (table: EntrySource): Entry | null =>
        narrowed.kind === "nothing" ? null : table.byIp(request.ip, narrowed.filter);
      const answer = (entry: Entry | null): PreparedAnswer => {
        counters.ipQueries += 1;
        if (entry !== null) counters.entriesSent += 1;
        parts.contacts.ipQuery(point, sourceIp, parts.now(), entry);
        if (!request.refresh) parts.learning.ipAsked(point, entry, record.memory.toldRevision);
        const asked = { ip: request.ip, at: parts.now() };
        return prepare(point.profile.encodeIp(entry, encoderOf(point.profile), asked));
      };
      const known = find(source);
      if (known !== null && !request.refresh) return answer(known);
      const finding = parts.onIpMiss?.({ point, ip: request.ip, refresh: request.refresh }) ?? null;
      if (finding === null) return answer(known);
      if (findingsWaiting >= FINDINGS_WAITING_MAX) {
        finding.catch(() => undefined);
        return answer(known);
      }
      return foundInTime(finding).then(async () => answer(find(await parts.sourceFor(point))));
    },

    async user(request, raw, reader) {
      const { point, sourceIp } = reader;
      counters.userQueries += 1;
      const reading = readUserReport(request, point, parts.now());
      const outcome = reading.kind === "report" ? await recordInTime(reading.report) : reading;
      if (outcome === "late") return prepare(unavailable(LATE_RETRY_SECONDS));
      if (outcome.kind === "refused") {
        counters.userReportsRefused += 1;
        recordRefusal(parts, point, sourceIp, outcome.sentence);
        keepShape(outcome.sentence, raw, reader);
        return prepare(point.profile.emptyDocument);
      }
      if (outcome.kind === "recorded") counters.userReports += 1;
      const { ip } = request;
      if (ip === null) return prepare(point.profile.emptyDocument);
      const source = await parts.sourceFor(point);
      const { narrowed } = readerFilter(reader.record.memory, point.filter, NO_FILTER);
      const entry = narrowed.kind === "nothing" ? null : source.byIp(ip, narrowed.filter);
      if (entry !== null) counters.entriesSent += 1;
      parts.contacts.ipQuery(point, sourceIp, parts.now(), entry);
      return prepare(point.profile.encodeIp(entry, encoderOf(point.profile), { ip, at: parts.now() }));
    },

    unknownShape(reason, raw, reader) {
      const { tenantId, id: pointId } = reader.point;
      counters.unknownShapes += 1;
      keepShape(reason, raw, reader);
      parts.log.info({ enforcementPointId: pointId, tenantId, reason }, "firewall asked in an unknown shape");
      return prepare(reader.point.profile.emptyDocument);
    },
  };
}
