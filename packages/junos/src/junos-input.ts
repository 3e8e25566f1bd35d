/** A place that answers the firewall: an agent, or the cloud. */
export interface JunosServer {
  readonly address: string;
  readonly port: number;
  readonly clientId: string;
  /** Null: unknown here, printed as a mask that no firewall takes. */
  readonly secret: string | null;
  /** The profile of the CA that signs its certificate: agents and the cloud have different ones. */
  readonly caProfile: string;
}

/** How the firewall reaches the servers, where it is not the default way. */
export interface JunosPath {
  readonly source: string | null;
  readonly interface: string | null;
  readonly routingInstance: string | null;
}

/** A person's choices. */
export interface JunosOptions {
  readonly logicalSystem: string | null;
  readonly path: JunosPath;
  /** Names the customer's own CA, which signs its agents; the profile of the cloud's CA is made from it. */
  readonly caProfile: string;
  readonly checkCertificate: boolean;
  /** Older Junos names a certificate file in the connection instead of a CA profile. */
  readonly certificateStyle: "ca-profile" | "ca-certificate";
  readonly staticHosts: readonly { readonly name: string; readonly address: string }[];
  readonly itemsPerBatch: number;
  readonly queryIntervalSeconds: number;
  /** Minutes, 0 or 10 to 1440. */
  readonly authenticationEntryTimeoutMinutes: number;
  readonly invalidAuthenticationEntryTimeoutMinutes: number;
  readonly ipQuery: boolean;
  readonly ipQueryDelaySeconds: number;
  readonly addressBook: string;
  readonly policy: JunosPolicy | null;
  readonly deviceIdentity: {
    readonly profile: string;
    readonly domain: string;
    readonly values: readonly string[];
  } | null;
  readonly traceFile: string;
}

/** The profile of the CA that signs the cloud's certificate: the installation's, never the customer's own. */
export function cloudCaProfile({ caProfile }: Pick<JunosOptions, "caProfile">): string {
  return `${caProfile}_CLOUD`;
}

export interface JunosPolicy {
  readonly fromZone: string;
  readonly toZone: string;
  readonly name: string;
  readonly domain: string;
  readonly group: string;
  readonly captivePortal: boolean;
}

/** What the firewall asks us to leave out. Ranges may be prefixes, addresses or `a-b`. */
export interface JunosFilter {
  readonly domains: readonly string[];
  readonly includeIp: readonly string[];
  readonly excludeIp: readonly string[];
}

export interface JunosInput {
  readonly primary: JunosServer;
  readonly secondary: JunosServer | null;
  readonly filter: JunosFilter;
  readonly options: JunosOptions;
}

/** The sections of the hand-over, in order. All are toggles; see `DEFAULT_BLOCKS`. */
export const BLOCK_IDS = [
  "look-first",
  "make-room",
  "connection",
  "second-server",
  "secrets",
  "path",
  "certificate",
  "certificate-file",
  "queries",
  "filters",
  "device-identity",
  "policy",
  "trace",
  "commit",
  "verify",
  "take-back",
] as const;
export type BlockId = (typeof BLOCK_IDS)[number];

/** On unless somebody says otherwise. The policy example and the trace are asked for, never given. */
export const DEFAULT_BLOCKS: readonly BlockId[] = BLOCK_IDS.filter(
  (id) => id !== "policy" && id !== "trace" && id !== "device-identity",
);

export type JunosView = "set" | "curly" | "delete";

export interface JunosBlock {
  readonly id: BlockId;
  readonly title: string;
  /**
   * `operational` lines are typed at the `>` prompt, `configuration` lines at the `#` prompt, and `commit` lines there
   * too, one by one, by a person who looks in between: they are never mixed.
   */
  readonly kind: "operational" | "configuration" | "commit";
  readonly lines: readonly string[];
  /** Whether the one copy button takes its lines: only configuration that is wanted as it stands. */
  readonly copied: boolean;
  readonly warning: string | null;
}

export interface JunosProblem {
  /** `refused`: no lines are printed. `warning`: they are, and this is said beside them. */
  readonly severity: "refused" | "warning";
  readonly field: string;
  readonly sentence: string;
}

export interface JunosResult {
  readonly blocks: readonly JunosBlock[];
  readonly problems: readonly JunosProblem[];
}
