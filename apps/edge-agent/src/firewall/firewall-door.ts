import type { Socket } from "node:net";
import type { CustomProfile } from "@rollcall/agent-protocol";
import type { Logger } from "@rollcall/observability";
import { createSecretChecks, verifierId } from "@rollcall/pki";
import { type ProfileShelf, profileShelf } from "@rollcall/srx-protocol";
import {
  type ContactBook,
  createContactRecorder,
  createMemoryTokenStore,
  createPointRegistry,
  createSrxServer,
  type FirewallContact,
  type IpMiss,
  type LearnReport,
  type ListenerTlsMode,
  type Peer,
  type RegisteredPoint,
  type SrxServer,
  type SrxServerHealth,
} from "@rollcall/srx-server";
import type { GroupCommit } from "../pipeline/group-commit.ts";
import type { TableKeeper } from "../pipeline/table-keeper.ts";
import type { ListenAddress } from "../settings.ts";
import { HealthRecord, type Part } from "../supervisor/part.ts";
import { type DarkenedPoint, filterOf } from "./dark-keeper.ts";
import type { FirewallTls } from "./firewall-certificate.ts";
import { listenFault } from "./listen-fault.ts";
import type { ResponderIdentity } from "./responder-identity.ts";

export interface FirewallDoorOptions {
  readonly listen: ListenAddress;
  readonly keeper: TableKeeper;
  /** Makes durable what firewalls report themselves. */
  readonly commits: Pick<GroupCommit, "submit">;
  /** Told of addresses at which nobody is known; null: nobody finds out. */
  readonly onIpMiss?: (miss: IpMiss) => Promise<unknown> | null;
  readonly responder: ResponderIdentity;
  /** Whose points these are: the customer's id, or "local" for an agent by itself. */
  readonly tenantId: string;
  readonly tls: FirewallTls;
  readonly now: () => number;
  readonly log: Logger;
}

/** The door through which firewalls ask. It answers from the table in memory, whatever becomes of sources and cloud. */
export interface FirewallDoor extends Part {
  /** Takes the customer's own profiles; the points that come next are answered with them. */
  setProfiles(profiles: readonly CustomProfile[]): void;
  setPoints(points: readonly DarkenedPoint[]): void;
  setTls(tls: FirewallTls): void;
  setTlsMode(mode: ListenerTlsMode): void;
  /** Answers a connection that the legacy listener took. */
  take(socket: Socket, peer: Peer): void;
  readonly address: { readonly host: string; readonly port: number } | null;
  contacts(): readonly FirewallContact[];
  /** Which profile each firewall that is being learnt has come to. */
  learning(): readonly LearnReport[];
  readonly counters: SrxServerHealth["counters"];
}

export function createFirewallDoor(options: FirewallDoorOptions): FirewallDoor {
  const { listen, keeper, responder, tenantId, log } = options;
  const registry = createPointRegistry({ verifySecret: createSecretChecks() });
  const contacts: ContactBook = createContactRecorder();
  const health = new HealthRecord(options.now, "off", "not started");
  let identity = { certPem: options.tls.certificatePem, keyPem: options.tls.keyPem };
  let mode: ListenerTlsMode = "compat";
  const server: SrxServer = createSrxServer({
    listen,
    tls: identity,
    points: registry,
    tokens: createMemoryTokenStore(),
    sourceFor: () => keeper.source,
    cursorMac: responder.cursorMac,
    contacts,
    ...(options.onIpMiss === undefined ? {} : { onIpMiss: options.onIpMiss }),
    async onUserReport({ observation }) {
      await options.commits.submit({
        observations: [observation],
        facts: [],
        bookmark: null,
        origin: "site",
      });
      return { kind: "recorded" };
    },
    now: options.now,
    log,
  });
  let shelf = profileShelf([]);
  let known = new Set<string>();

  return {
    name: "firewall listener",
    async start() {
      try {
        await server.start();
      } catch (error) {
        throw listenFault("firewalls", listen, "tcp", "--firewall-listen", error);
      }
      health.set("ok", server.health().sentence);
    },
    async stop() {
      await server.stop();
      health.set("off", "stopped");
    },
    health: () => health.current,
    setProfiles(profiles) {
      shelf = profileShelf(profiles);
      for (const { id, name, faults } of shelf.refused)
        log.error(
          { profile: id, name, reason: faults[0]?.sentence },
          "a profile cannot be read; nobody is answered with it",
        );
    },
    setPoints(points) {
      for (const { id, profile } of points)
        if (shelf.find(profile).isMissing)
          log.error(
            { enforcementPointId: id, profile },
            "a firewall's profile is not there; it is answered with the first",
          );
      registry.setPoints(points.map((point) => pointOf(point, tenantId, shelf)));
      const now = new Set(points.map((point) => point.id));
      for (const id of known) {
        if (now.has(id)) continue;
        contacts.forget(tenantId, id);
        server.forget(tenantId, id);
      }
      known = now;
    },
    setTls(tls) {
      identity = { certPem: tls.certificatePem, keyPem: tls.keyPem };
      server.setTls(identity, mode);
    },
    setTlsMode(next) {
      if (next === mode) return;
      mode = next;
      server.setTls(identity, mode);
    },
    take: (socket, peer) => server.take(socket, peer),
    get address() {
      return server.address;
    },
    contacts: () => contacts.contacts(tenantId),
    learning: () => server.learning(tenantId),
    get counters() {
      return server.health().counters;
    },
  };
}

function pointOf(point: DarkenedPoint, tenantId: string, shelf: ProfileShelf): RegisteredPoint {
  return {
    tenantId,
    id: point.id,
    name: point.name,
    clientId: point.clientId,
    sourceAddresses: point.sourceAddresses,
    filter: filterOf(point),
    profile: shelf.find(point.profile).profile,
    otherProfiles: shelf.customs,
    mayReport: point.mayReport,
    learnUntil: point.learn ? (point.learnUntil ?? Number.POSITIVE_INFINITY) : null,
    reannounceMinutes: point.reannounceMinutes,
    tokenTtlSeconds: point.tokenTtlSeconds,
    // The verifier names its secret: a token ends with the secret it was given for.
    secrets: point.verifiers.map((verifier) => ({ id: verifierId(verifier), verifier })),
  };
}
