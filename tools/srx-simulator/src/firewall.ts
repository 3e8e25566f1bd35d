import { setTimeout as wait } from "node:timers/promises";
import { canonicalAddress } from "./address.ts";
import {
  AuthenticationTable,
  type ChangeKind,
  type TableChange,
  type TableEntry,
} from "./authentication-table.ts";
import {
  type GoodAnswer,
  type LinkCounters,
  type PushedUser,
  ServerLink,
  type ServerOptions,
} from "./server-link.ts";
import { explainNetworkError, type SimulatorFault } from "./simulator-fault.ts";

export type Role = "primary" | "secondary";

/** What an operator would want to read in the firewall's log. */
export type Notice =
  | { readonly kind: "online"; readonly role: Role; readonly url: string }
  | { readonly kind: "failed-over"; readonly url: string }
  | { readonly kind: "taken-back"; readonly url: string }
  | { readonly kind: "fault"; readonly role: Role; readonly url: string; readonly fault: SimulatorFault };

export type { TableEntry } from "./authentication-table.ts";

export interface FirewallOptions {
  readonly primary: ServerOptions;
  readonly secondary?: ServerOptions;
  /** Time between the end of one batch query and the next; an SRX allows 1 to 60 s, default 5 s. */
  readonly intervalMs?: number;
  /** Entries asked for at once; an SRX allows 100 to 1000, default 200. */
  readonly items?: number;
  /** How often the failed primary is tried while the secondary answers. */
  readonly probeIntervalMs?: number;
  /** An entry not refreshed for this long is dropped; 0 (default) keeps it. */
  readonly entryTimeoutMs?: number;
  /** An address that an IP query found unknown is forgotten after this long. */
  readonly invalidTimeoutMs?: number;
  readonly now?: () => number;
  readonly onChange?: (change: TableChange) => void;
  readonly onNotice?: (notice: Notice) => void;
  /** After each poll of the running firewall, answered or not. */
  readonly onPolled?: (outcome: PollOutcome) => void;
}

export type PollOutcome =
  | { readonly kind: "answered"; readonly role: Role; readonly pages: number; readonly reports: number }
  /** No server answered; the faults in the order the servers were tried. */
  | { readonly kind: "failed"; readonly faults: readonly SimulatorFault[] };

export type IpOutcome =
  | { readonly kind: "known"; readonly role: Role; readonly entry: TableEntry }
  | { readonly kind: "unknown"; readonly role: Role };

export interface ServerStatus extends LinkCounters {
  readonly role: Role;
  readonly url: string;
  readonly active: boolean;
  readonly status: "Online" | "Offline" | "Not tried";
  readonly tokenExpiresAt: string | null;
  readonly complaints: Readonly<Record<string, number>>;
}

export interface FirewallCounters {
  readonly servers: readonly ServerStatus[];
  /** Times this firewall turned from the primary to the secondary, and back. */
  readonly failOvers: number;
  readonly takeBacks: number;
  readonly pages: number;
  readonly fullPages: number;
  readonly changes: Readonly<Record<ChangeKind, number>>;
  readonly malformedBodies: number;
  readonly rejectedEntries: number;
  readonly entries: number;
  readonly lastAnswerAt: string | null;
}

const PAGES_MAX = 100_000;

interface Server {
  readonly role: Role;
  readonly link: ServerLink;
  status: ServerStatus["status"];
  lastFault: string | null;
}

/**
 * A firewall that asks who is at which address, and remembers.
 *
 * It holds an authentication table, one cookie and one link per server. Batch queries go to the primary; one
 * that fails goes to the secondary at once; while the secondary answers, the primary is tried again every
 * `probeIntervalMs` with the batch query itself, and taken back when it answers. The one cookie is sent to
 * whichever server is asked: a server that did not issue it answers with everything. It never removes entries
 * because servers changed: only a logoff, another logon or ageing does.
 *
 * Source: srx-protocol 1, 3 to 6, 8 (documented; period and form of the probe assumed).
 */
export class Firewall {
  readonly #options: FirewallOptions;
  readonly #now: () => number;
  readonly #table: AuthenticationTable;
  readonly #servers: readonly Server[];
  readonly #stopping = new AbortController();
  readonly #waiters = new Set<() => void>();
  readonly #changes: Record<ChangeKind, number> = {
    logon: 0,
    update: 0,
    repeat: 0,
    logoff: 0,
    "logoff-of-nobody": 0,
    unknown: 0,
    "aged-out": 0,
  };
  #active: Role = "primary";
  #cookie: string | null = null;
  #triedPrimaryAtMs = Number.NEGATIVE_INFINITY;
  #failOvers = 0;
  #takeBacks = 0;
  #pages = 0;
  #fullPages = 0;
  #lastAnswerAtMs: number | null = null;
  #loop: Promise<void> | null = null;
  #polling: Promise<PollOutcome> | null = null;

  constructor(options: FirewallOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#table = new AuthenticationTable({
      entryTimeoutMs: options.entryTimeoutMs ?? 0,
      invalidTimeoutMs: options.invalidTimeoutMs ?? 30 * 60_000,
      now: this.#now,
    });
    const server = (role: Role, at: ServerOptions): Server => ({
      role,
      link: new ServerLink({ now: this.#now, ...at }),
      status: "Not tried",
      lastFault: null,
    });
    this.#servers = [
      server("primary", options.primary),
      ...(options.secondary ? [server("secondary", options.secondary)] : []),
    ];
  }

  /** Begins to poll; the promise resolves after `stop`. A second call gives the same promise. */
  start(): Promise<void> {
    this.#loop ??= this.#pollForEver();
    return this.#loop;
  }

  /** Ends polling and closes every connection. May be called twice. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#servers.map((server) => server.link.close()));
    await this.#loop;
  }

  /** The authentication table in the order of addresses; the caller owns the array. */
  table(): TableEntry[] {
    this.#ageOut();
    return this.#table.rows();
  }

  /** The row of one address, if there is one. */
  entry(ip: string): TableEntry | undefined {
    this.#ageOut();
    return this.#table.find(ip);
  }

  /** The position last handed out by a server, as it will be sent back. */
  get cookie(): string | null {
    return this.#cookie;
  }

  get active(): Role {
    return this.#active;
  }

  counters(): FirewallCounters {
    const servers = this.#servers.map(({ role, link, status }) => ({
      ...link.counters,
      role,
      url: link.url.origin,
      active: role === this.#active,
      status,
      tokenExpiresAt: link.tokenExpiresAt,
      complaints: { ...link.complaints },
    }));
    return {
      servers,
      failOvers: this.#failOvers,
      takeBacks: this.#takeBacks,
      pages: this.#pages,
      fullPages: this.#fullPages,
      changes: { ...this.#changes },
      malformedBodies: servers.reduce((sum, server) => sum + server.malformedBodies, 0),
      rejectedEntries: servers.reduce((sum, server) => sum + server.rejectedEntries, 0),
      entries: this.#table.size,
      lastAnswerAt: this.#lastAnswerAtMs === null ? null : new Date(this.#lastAnswerAtMs).toISOString(),
    };
  }

  /**
   * One batch query with its full pages, at the secondary when the primary fails.
   *
   * Errors: a server's failure is an outcome; throws only when the firewall was stopped. Calls do not overlap:
   *         one that comes while another runs gets that one's outcome.
   */
  poll(): Promise<PollOutcome> {
    this.#polling ??= this.#pollOnce().finally(() => {
      this.#polling = null;
    });
    return this.#polling;
  }

  /**
   * Asks about one address, as traffic from an address without an entry makes an SRX do.
   *
   * Errors: throws the last server's SimulatorFault when none answered.
   */
  queryIp(ip: string): Promise<IpOutcome> {
    return this.#askAbout(ip, (link, address) => link.ip({ address, signal: this.#stopping.signal }));
  }

  /**
   * Reports a person at an address, as a captive portal or a remote access connection does.
   *
   * Shape:  what the server then knows of the address: a report it does not take is answered as nobody.
   * Errors: throws the last server's SimulatorFault when none answered.
   */
  push(pushed: PushedUser): Promise<IpOutcome> {
    return this.#askAbout(pushed.address, (link, address) =>
      link.push({ ...pushed, address }, this.#stopping.signal),
    );
  }

  async #askAbout(
    ip: string,
    ask: (link: ServerLink, address: string) => Promise<GoodAnswer>,
  ): Promise<IpOutcome> {
    const address = canonicalAddress(ip);
    if (address === null) throw new RangeError(`"${ip}" is not an IP address`);
    let fault: unknown = null;
    for (const server of this.#inOrder()) {
      try {
        const answer = await ask(server.link, address);
        const report = answer.reports.find((one) => one.ip === address && one.kind === "logon");
        this.#changed(report ? this.#table.apply(report) : this.#table.markUnknown(address));
        const entry = report ? this.#table.find(address) : undefined;
        this.#wake();
        return entry ? { kind: "known", role: server.role, entry } : { kind: "unknown", role: server.role };
      } catch (error) {
        fault = error;
      }
    }
    throw fault;
  }

  /**
   * Waits until the table is as wished, looking after each poll and each IP query.
   *
   * Errors: rejects after `timeoutMs` with what the table held, and when the firewall is stopped.
   */
  async until(
    isAsWished: (table: TableEntry[]) => boolean,
    { timeoutMs }: { timeoutMs: number },
  ): Promise<void> {
    const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), this.#stopping.signal]);
    while (!isAsWished(this.table())) {
      await new Promise<void>((resolve, reject) => {
        const look = () => {
          signal.removeEventListener("abort", giveUp);
          resolve();
        };
        const giveUp = () => {
          this.#waiters.delete(look);
          const held = JSON.stringify(this.table().slice(0, 20));
          reject(new Error(`the table is not as wished after ${timeoutMs} ms; it holds ${held}`));
        };
        if (signal.aborted) return giveUp();
        signal.addEventListener("abort", giveUp, { once: true });
        this.#waiters.add(look);
      });
    }
  }

  async #pollForEver(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        const outcome = await this.poll();
        this.#options.onPolled?.(outcome);
        await wait(this.#options.intervalMs ?? 5_000, undefined, { signal });
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
  }

  async #pollOnce(): Promise<PollOutcome> {
    const faults: SimulatorFault[] = [];
    this.#ageOut();
    for (const server of this.#inOrder()) {
      if (server.role === "primary") this.#triedPrimaryAtMs = this.#now();
      try {
        const drained = await this.#drain(server.link);
        this.#answered(server);
        this.#wake();
        return { kind: "answered", role: server.role, ...drained };
      } catch (error) {
        this.#stopping.signal.throwIfAborted();
        const fault = explainNetworkError(error, `poll ${server.link.url.origin}`, server.link.url);
        faults.push(fault);
        this.#failed(server, fault);
      }
    }
    this.#wake();
    return { kind: "failed", faults };
  }

  /** Rule (srx-protocol 5.3): a full page asks again at once, a short one ends the query. */
  async #drain(link: ServerLink): Promise<{ pages: number; reports: number }> {
    const items = this.#options.items ?? 200;
    let pages = 0;
    let reports = 0;
    while (pages < PAGES_MAX) {
      const sent = this.#cookie;
      const answer = await link.batch({ cookie: sent, items, signal: this.#stopping.signal });
      for (const report of answer.reports) this.#changed(this.#table.apply(report));
      if (answer.cookie !== null) this.#cookie = answer.cookie;
      pages++;
      this.#pages++;
      reports += answer.reports.length;
      if (!isFull(answer, items)) break;
      this.#fullPages++;
      // A full page whose cookie does not move would be asked for again without end.
      if (this.#cookie === sent || answer.cookie === null) break;
    }
    return { pages, reports };
  }

  /** The active server first; the failed primary before it when it is time to try it again. */
  #inOrder(): Server[] {
    const primaryFirst =
      this.#active === "primary" ||
      this.#now() - this.#triedPrimaryAtMs >= (this.#options.probeIntervalMs ?? 15_000);
    return primaryFirst ? [...this.#servers] : [...this.#servers].reverse();
  }

  #answered(server: Server): void {
    this.#lastAnswerAtMs = this.#now();
    const url = server.link.url.origin;
    const wasOnline = server.status === "Online";
    server.status = "Online";
    server.lastFault = null;
    if (server.role !== this.#active) {
      this.#active = server.role;
      if (server.role === "secondary") this.#failOvers++;
      else this.#takeBacks++;
      this.#options.onNotice?.({ kind: server.role === "secondary" ? "failed-over" : "taken-back", url });
    } else if (!wasOnline) this.#options.onNotice?.({ kind: "online", role: server.role, url });
  }

  #failed(server: Server, fault: SimulatorFault): void {
    const isNews = server.lastFault !== fault.message;
    server.status = "Offline";
    server.lastFault = fault.message;
    const { role, link } = server;
    if (isNews) this.#options.onNotice?.({ kind: "fault", role, url: link.url.origin, fault });
  }

  #ageOut(): void {
    for (const change of this.#table.ageOut()) this.#changed(change);
  }

  #changed(change: TableChange): void {
    this.#changes[change.kind]++;
    this.#options.onChange?.(change);
  }

  #wake(): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const wake of waiters) wake();
  }
}

function isFull(answer: GoodAnswer, items: number): boolean {
  return answer.reports.length + answer.rejected.length >= items;
}
