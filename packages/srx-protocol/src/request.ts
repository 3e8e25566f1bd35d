import type { EpochMs, IpAddress } from "@rollcall/identity-core";
import type { RequestFilter } from "./filters.ts";

/**
 * A request as it stands on the wire, read by whoever owns the socket.
 *
 * Shape: `path` is the target up to the first `?` (still percent-encoded), `query` what follows it, without
 *        the `?`. Header names are in lower case. `body` is the body decoded as UTF-8, empty where there is none.
 */
export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

/** Where a batch begins: after a cookie of ours, at a time, or at the very start. */
export type BatchPosition =
  | { readonly kind: "cookie"; readonly cookie: string }
  | { readonly kind: "since"; readonly at: EpochMs }
  | { readonly kind: "start" };

/** Something in a request that was not understood and was passed over, because an error would cost more than it tells. */
export interface RequestWarning {
  readonly kind: "filter-ignored" | "count-ignored" | "begin-ignored";
  readonly parameter: string;
  readonly reason: string;
}

export type TokenFault =
  | "no-credentials"
  | "credentials-in-query"
  | "repeated-parameter"
  | "two-credentials"
  | "unreadable-body"
  | "wrong-content-type"
  | "field-too-long"
  | "unsupported-grant";

export interface TokenRequest {
  readonly kind: "token";
  readonly clientId: string;
  readonly clientSecret: string;
  /** `query`: in the address, which only a firewall that is being learnt may. */
  readonly sentBy: "form" | "json" | "basic" | "query";
}

export interface BatchRequest {
  readonly kind: "batch";
  readonly position: BatchPosition;
  /** 1 to 1000. */
  readonly limit: number;
  readonly filter: RequestFilter;
  readonly warnings: readonly RequestWarning[];
  /** How it was said where to begin: what tells whether the last answer was understood. */
  readonly asked: {
    readonly cookie: "parameter" | "header" | "none";
    /** The time it named, also beside a cookie; null: none, or one that means the very start. */
    readonly begin: EpochMs | null;
  };
}

export interface IpRequest {
  readonly kind: "ip";
  readonly ip: IpAddress;
  /** The firewall asked for a fresh look (`force-probe`). */
  readonly refresh: boolean;
  readonly filter: RequestFilter;
  readonly warnings: readonly RequestWarning[];
}

/**
 * What became of the person whom a firewall reports. `portal`: nothing is said, or a logon: a captive portal's.
 * `connect`, `rekey`, `disconnect`: states of a remote access connection. `unknown`: a word that nobody knows.
 */
export type ReportedState = "portal" | "portal-logoff" | "connect" | "rekey" | "disconnect" | "unknown";

export interface UserRequest {
  readonly kind: "user";
  readonly ip: IpAddress | null;
  readonly user: string | null;
  readonly domain: string | null;
  readonly state: ReportedState;
}

/**
 * What a firewall asks.
 *
 * `token-fault`: a token request that must be refused. `unknown-shape`: nothing we know; answered with an empty
 * document after the token check and kept, redacted, for study. `status`: a bare probe of the path.
 */
export type SrxRequest =
  | TokenRequest
  | { readonly kind: "token-fault"; readonly fault: TokenFault }
  | BatchRequest
  | IpRequest
  | UserRequest
  | { readonly kind: "status" }
  | { readonly kind: "method-not-allowed" }
  | { readonly kind: "unknown-shape"; readonly reason: string };

/** One header as text: the first value where it stands several times. */
export function headerOf(raw: RawRequest, name: string): string {
  const value = raw.headers[name];
  if (value === undefined) return "";
  return typeof value === "string" ? value : (value[0] ?? "");
}
