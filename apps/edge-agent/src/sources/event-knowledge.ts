import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import type { SiteConfig } from "@rollcall/agent-protocol";
import type { SiteKnowledge } from "@rollcall/event-rules";
import {
  createIpSet,
  type Entry,
  type IpAddress,
  type PrincipalName,
  parseIp,
} from "@rollcall/identity-core";
import type { TableKeeper } from "../pipeline/table-keeper.ts";

/** An event may be written a little before the one that told where its computer is. */
const SLACK_MS = 60_000;

/** What the directories of the site say, where they are read. */
export interface DirectoryKnowledge {
  isController(name: string): boolean;
  principalOf(sid: string): PrincipalName | null;
}

/** What is asked of this machine and its DNS; other answers in tests. */
export interface Surroundings {
  lookUp(host: string): Promise<readonly string[]>;
  ownAddresses(): readonly string[];
}

const REAL: Surroundings = {
  lookUp: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
  ownAddresses: () =>
    Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address)),
};

/**
 * What the rules of events ask of the site: which addresses are no seats, who is a domain controller, where a computer is.
 *
 * Holds    the configuration's infrastructure, this machine's own addresses, and those at which servers were found.
 * Promises a computer's address comes from the table, and only where it was known there when the event happened; never from
 *          DNS. What it does not know it says is not known.
 */
export class EventKnowledge {
  readonly #keeper: TableKeeper;
  readonly #directories: () => DirectoryKnowledge | null;
  readonly #surroundings: Surroundings;
  /** By source, and by name of a configured server. */
  readonly #found = new Map<string, readonly IpAddress[]>();
  #names: ReadonlySet<string> = new Set();
  #configured = createIpSet([]);
  #servers: ReadonlySet<string> = new Set();
  #controllers: ReadonlySet<string> = new Set();

  constructor(
    keeper: TableKeeper,
    directories: () => DirectoryKnowledge | null,
    surroundings: Surroundings = REAL,
  ) {
    this.#surroundings = surroundings;
    this.#keeper = keeper;
    this.#directories = directories;
  }

  configure(site: SiteConfig): void {
    const hosts = [...site.eventSources, ...site.directories].flatMap(({ host }) => host ?? []);
    this.#configured = createIpSet([
      ...this.#surroundings.ownAddresses(),
      ...site.settings.infrastructure,
      ...hosts.filter((host) => isIP(host) !== 0),
    ]);
    this.#controllers = new Set(
      [...site.directories, ...site.eventSources.filter(({ kind }) => kind === "domain-controller")].flatMap(
        ({ host }) => (host === undefined || isIP(host) !== 0 ? [] : shortOf(host)),
      ),
    );
    const names = new Set(hosts.filter((host) => isIP(host) === 0));
    const wanted = new Set([...site.eventSources.map(({ id }) => id), ...[...names].map(nameKey)]);
    for (const key of this.#found.keys()) if (!wanted.has(key)) this.#found.delete(key);
    this.#collect();
    this.#names = names;
    for (const name of names) void this.#find(name);
  }

  /** A name that DNS does not know now is known by whoever connects to it. */
  async #find(name: string): Promise<void> {
    const addresses = await this.#surroundings.lookUp(name).catch(() => []);
    if (addresses.length > 0 && this.#names.has(name)) this.noteServer(nameKey(name), addresses);
  }

  /** A source's server was found at these addresses. */
  noteServer(sourceId: string, addresses: readonly string[]): void {
    this.#found.set(
      sourceId,
      addresses.flatMap((text) => parseIp(text) ?? []),
    );
    this.#collect();
  }

  /** As a source of that address space sees the site. */
  of(addressSpaceId: string): SiteKnowledge {
    return {
      isInfrastructure: (ip) => this.#configured.has(ip) || this.#servers.has(ip),
      isController: (computer) =>
        this.#controllers.has(shortOf(computer)) ||
        (this.#directories()?.isController(shortOf(computer)) ?? false),
      addressesOf: (computer, at) =>
        this.#placesOf(computer)
          .filter((entry) => entry.addressSpaceId === addressSpaceId && wasThere(entry, at))
          .map(({ ip }) => ip),
      hasDevice: (ip, at) => {
        const entry = this.#keeper.table.entryOf(addressSpaceId, ip);
        return entry !== null && wasThere(entry, at);
      },
      principalOf: (sid) => this.#directories()?.principalOf(sid) ?? null,
    };
  }

  #collect(): void {
    this.#servers = new Set([...this.#found.values()].flat());
  }

  #placesOf(computer: string): Entry[] {
    const short = shortOf(computer);
    if (short === "") return [];
    const domain = computer.includes(".") ? computer.slice(computer.indexOf(".") + 1).toLowerCase() : null;
    return this.#keeper.table.entriesOfSpelling(short).filter(({ device }) => {
      if (device === null || shortOf(device.name) !== short) return false;
      // A NetBIOS domain says nothing against a DNS name.
      const theirs = device.domain.toLowerCase();
      return domain === null || !theirs.includes(".") || theirs === domain;
    });
  }
}

function nameKey(host: string): string {
  return `name ${host.toLowerCase()}`;
}

function wasThere({ device }: Entry, at: number): boolean {
  return device !== null && device.since <= at + SLACK_MS;
}

function shortOf(computer: string): string {
  return computer.toLowerCase().split(".", 1)[0] ?? "";
}
