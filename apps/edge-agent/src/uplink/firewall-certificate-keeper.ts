import { firewallCertificateReply, PROTOCOL_VERSION } from "@rollcall/agent-protocol";
import type { Logger } from "@rollcall/observability";
import { makeCsr, newPrivateKeyPem } from "@rollcall/pki";
import {
  type FirewallTls,
  isDueForRenewal,
  notAfterOf,
  writeFirewallTls,
} from "../firewall/firewall-certificate.ts";
import type { StateFolder } from "../state/state-folder.ts";
import type { Clock } from "../supervisor/clock.ts";
import type { PortalLink } from "./portal-link.ts";

const LOOK_MS = 60_000;
const AGAIN_MS = 60_000;

export interface FirewallCertificateKeeperOptions {
  readonly link: PortalLink;
  readonly folder: StateFolder;
  readonly clock: Clock;
  readonly log: Logger;
  /** Null where no firewall listener runs: then none is needed. */
  readonly current: () => FirewallTls | null;
  /** Names of the configuration in force; empty before the portal has spoken. */
  readonly wantedNames: () => readonly string[];
  readonly use: (tls: FirewallTls) => void;
}

export interface FirewallCertificateKeeper {
  run(signal: AbortSignal): Promise<void>;
  /** The configuration changed: look now whether other names are wanted. */
  hurry(): void;
}

/**
 * Keeps a certificate of the customer's SRX CA for the firewall listener: the key is made here, the portal signs.
 * Another is asked for when names change and in the last third of its life. Firewalls that are connected stay so.
 */
export function createFirewallCertificateKeeper(
  options: FirewallCertificateKeeperOptions,
): FirewallCertificateKeeper {
  const { link, clock, log } = options;
  let hurried = new AbortController();

  function isWanted(): boolean {
    const names = options.wantedNames();
    if (names.length === 0) return false;
    const tls = options.current();
    if (tls === null) return false;
    const hasOtherNames = [...tls.names].sort().join() !== [...names].sort().join();
    return tls.origin !== "portal" || hasOtherNames || isDueForRenewal(tls, clock.now());
  }

  async function fetch(signal: AbortSignal): Promise<boolean> {
    const names = [...options.wantedNames()];
    const keyPem = await newPrivateKeyPem("rsa2048");
    const csrPem = await makeCsr(keyPem);
    const answer = await link.ask({
      method: "POST",
      path: "/v1/firewall-certificate",
      answer: firewallCertificateReply,
      body: { v: PROTOCOL_VERSION, csrPem },
      signal,
    });
    if (answer.kind !== "answer") {
      if (answer.kind === "refused")
        log.warn({ code: answer.code, reason: answer.message }, "firewall certificate refused");
      return false;
    }
    const { certificatePem, caPem } = answer.value;
    const tls: FirewallTls = {
      format: "rollcall-firewall-tls",
      version: 1,
      origin: "portal",
      keyPem,
      certificatePem,
      caPem,
      names,
    };
    if (notAfterOf(tls) === null) return false;
    writeFirewallTls(options.folder, tls);
    options.use(tls);
    log.info(
      { notAfter: notAfterOf(tls) ?? undefined },
      "firewall certificate of the customer's SRX CA in use",
    );
    return true;
  }

  return {
    hurry: () => hurried.abort(),
    async run(signal) {
      while (!signal.aborted) {
        hurried = new AbortController();
        let waitMs = LOOK_MS;
        if (isWanted()) {
          await link.ready(signal);
          if (!(await fetch(signal))) waitMs = AGAIN_MS;
        }
        await clock.sleep(waitMs, AbortSignal.any([signal, hurried.signal])).catch(() => undefined);
      }
    },
  };
}
