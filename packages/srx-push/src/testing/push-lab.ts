import { type Entry, type EntryFilter, parseIp, ReplicaTable } from "@rollcall/identity-core";
import { silentLogger } from "@rollcall/observability";
import { FakeClock } from "@rollcall/testkit";
import { readPost } from "@rollcall/webapi-server/read-post";
import { POST_PATH, WebApi } from "@rollcall/webapi-server/web-api";
import type { PushTransport } from "../push-ports.ts";
import { PushRun, type PushRunOptions } from "../push-run.ts";
import { anEntry, aUser } from "./builders.ts";
import { createVolatileMemory } from "./volatile-memory.ts";

const EVERYTHING: EntryFilter = {
  addressSpaceIds: [],
  domains: [],
  includeIp: [],
  excludeIp: [],
  ipv6: true,
};

/** A table, a strict Web API without sockets, and a push between them; time stands still unless it is moved. */
export class PushLab {
  readonly clock = new FakeClock();
  readonly api = new WebApi({ user: "rollcall", password: "p", clients: [] });
  readonly memory = createVolatileMemory();
  /** Departures from what every post promises: always empty. */
  readonly complaints: string[] = [];
  filter: EntryFilter = EVERYTHING;
  /** False where somebody else posts as well: then the firewall may hold what this one does not remember. */
  postsAlone = true;
  run: PushRun;
  #table = new ReplicaTable();
  #incarnations = 0;
  #underWay = 0;
  readonly #domainsSeen = new Map<string, ReadonlySet<string>>();
  readonly #lastAt = new Map<string, number>();
  readonly #options: Partial<PushRunOptions>;
  #stopping = new AbortController();
  #ended: Promise<void> = Promise.resolve();

  constructor(options: Partial<PushRunOptions> = {}) {
    this.#options = options;
    this.renumber([]);
    this.run = this.#newRun();
  }

  get table(): ReplicaTable {
    return this.#table;
  }

  /** Somebody (or nobody) is at an address from now on. */
  change(ip: string, name: string | null, of: Parameters<typeof aUser>[0] = {}): void {
    this.put({ ip, user: name === null ? null : aUser({ name, ...of }) });
  }

  put(of: Parameters<typeof anEntry>[0]): void {
    const ip = parseIp(of.ip ?? "10.0.0.1");
    const seen = new Set(this.#domainsSeen.get(ip ?? ""));
    if (of.user) seen.add(of.user.domain);
    this.#domainsSeen.set(ip ?? "", seen);
    const entry = anEntry({
      revision: this.#table.revision + 1,
      changedAt: this.clock.now(),
      domainsSeen: [...seen],
      ...of,
    });
    this.#table.applyFeed([entry]);
  }

  /** Forgets all ended sessions: whoever has not heard of them by now never will. */
  prune(): void {
    this.#table.applyFeed([], undefined, this.#table.revision);
  }

  /** The table is begun anew with these entries and another numbering. */
  renumber(entries: readonly Entry[]): void {
    this.#incarnations += 1;
    this.#table = new ReplicaTable();
    this.#table.load({
      issuer: "1".repeat(16),
      incarnation: String(this.#incarnations).padStart(16, "0"),
      revision: entries.length,
      floorRevision: 0,
      entries: entries.map((entry, index) => ({ ...entry, revision: index + 1 })),
    });
  }

  start(): void {
    this.#stopping = new AbortController();
    this.#ended = this.run.run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error("stopped"));
    await this.#ended;
  }

  /** Stops and begins anew with what is remembered, as a restart of the process does. */
  async restart(options: Partial<PushRunOptions> = {}): Promise<void> {
    await this.stop();
    this.run = this.#newRun(options);
    this.start();
  }

  /** Lets time pass, once what is under way has come to its next wait. */
  async pass(ms: number): Promise<void> {
    await this.clock.advance(0);
    await this.clock.advance(ms);
  }

  /** Who should be known at the firewall: the filtered table as it names them. */
  wanted(): Record<string, string> {
    const { entries } = this.#table.changesSince(0, Number.MAX_SAFE_INTEGER, this.filter);
    const live = entries.flatMap(({ ip, user }): [string, string][] =>
      user === null ? [] : [[ip, `${user.domain}\\${user.name} ${user.groups.join()}`.toLowerCase()]],
    );
    return Object.fromEntries(live.sort());
  }

  /** Who is known at the firewall. */
  held(): Record<string, string> {
    return Object.fromEntries(
      this.api.table
        .rows()
        .map(({ ip, domain, user, groups }): [string, string] => [ip, `${domain}\\${user} ${groups.join()}`])
        .sort(),
    );
  }

  #newRun(options: Partial<PushRunOptions> = {}): PushRun {
    return new PushRun({
      enforcementPointId: "point",
      source: () => this.#table,
      filter: () => this.filter,
      place: "https://192.0.2.1:8443",
      sourceLabel: "Rollcall",
      memory: this.memory,
      transport: this.#transport(),
      maxPostsPerSecond: 10,
      reannounceMs: 0,
      clock: this.clock,
      random: () => 0.5,
      log: silentLogger,
      ...this.#options,
      ...options,
    });
  }

  #transport(): PushTransport {
    return {
      warning: null,
      close: () => undefined,
      probe: async () => (this.api.mode.kind === "silent" ? "Nobody listens there." : null),
      post: async (body) => {
        this.#underWay += 1;
        if (this.#underWay > 1) this.complaints.push("two posts at a time");
        await Promise.resolve();
        this.#look(body);
        const reply = this.api.receive({
          clientAddress: "192.0.2.99",
          method: "POST",
          path: POST_PATH,
          authorization: `Basic ${Buffer.from("rollcall:p").toString("base64")}`,
          contentType: "application/xml",
          body,
        });
        this.#underWay -= 1;
        for (const { ip } of this.api.table.rows())
          if (this.postsAlone && !this.memory.held.has(ip))
            this.complaints.push(`${ip} is held and not remembered`);
        if (reply.ending !== "answer") return { kind: "no-answer", sentence: "The connection was cut." };
        const seconds = reply.headers["Retry-After"];
        return {
          kind: "answered",
          status: reply.status,
          retryAfterMs: seconds === undefined ? null : Number(seconds) * 1000,
        };
      },
    };
  }

  #look(body: string): void {
    const reading = readPost(body);
    if (reading.kind === "malformed") {
      this.complaints.push(reading.problem);
      return;
    }
    const ips = new Set<string>();
    for (const { ip, at } of reading.entries) {
      if (ips.has(ip)) this.complaints.push(`${ip} twice in one post`);
      ips.add(ip);
      if (at < (this.#lastAt.get(ip) ?? 0)) this.complaints.push(`time goes back at ${ip}`);
      this.#lastAt.set(ip, at);
    }
  }
}
