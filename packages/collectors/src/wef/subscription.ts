import { createHash, X509Certificate } from "node:crypto";
import { eventQuery, switchesOf } from "@rollcall/event-rules";
import { uuidOf } from "./uuid.ts";
import type { WefConfig } from "./wef-config.ts";

/** What every computer is asked to forward. */
export interface Subscription {
  /** Changes with anything a computer is told, and with nothing else. It is also what events name as theirs. */
  readonly version: string;
  readonly name: string;
  /** Where events go. */
  readonly notifyTo: string;
  readonly query: string;
  readonly heartbeatSeconds: number;
  readonly readExisting: boolean;
  readonly compress: boolean;
  /** SHA-1 of the certificates whose children may forward, upper case hex: by these a computer chooses its own. */
  readonly issuers: readonly string[];
}

/** Changes when what is said around the configured values changes: then computers must take it anew. */
const SHAPE = 1;

export function subscriptionOf(config: WefConfig): Subscription {
  const told = {
    name: config.name,
    // It stands within a larger document: a declaration of its own would break that.
    query:
      config.query?.replace(/^\s*<\?xml[^>]*\?>/, "") ??
      eventQuery({
        kind: "wef",
        channels: config.channels,
        rules: switchesOf(config.rulesOff, config.rulesOn),
      }),
    heartbeatSeconds: config.heartbeatSeconds,
    readExisting: config.readExisting,
    compress: config.compress,
    issuers: issuersIn(config.clientCaPem),
  };
  const place = `https://${config.host}:${config.port}`;
  const version = uuidOf(
    createHash("sha256")
      .update(JSON.stringify([SHAPE, config.id, place, told]))
      .digest(),
  );
  return { ...told, version, notifyTo: `${place}/wsman/subscriptions/${version}` };
}

/** Thumbprints of the certificates in a PEM text, as Windows writes them. What is no certificate is passed over. */
export function issuersIn(pem: string): string[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.flatMap((block) => {
    try {
      const { raw } = new X509Certificate(block);
      return [createHash("sha1").update(raw).digest("hex").toUpperCase()];
    } catch {
      return [];
    }
  });
}
