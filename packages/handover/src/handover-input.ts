/** What of a site's configuration the customer's administrators must make possible. No password is in it. */
export interface HandoverInput {
  readonly customer: string;
  readonly site: string;
  /** Its short name, unique among the sites: letters, digits and hyphens. What is made in the directory is called by it. */
  readonly siteSlug: string;
  /** DNS name of the customer's domain, where it is known. */
  readonly domain: string | null;
  readonly agents: readonly { readonly name: string }[];
  readonly directories: readonly {
    readonly name: string;
    readonly host: string;
    readonly port: number;
    readonly tls: "ldaps" | "starttls" | "none";
    readonly account: string;
  }[];
  readonly eventSources: readonly {
    readonly name: string;
    readonly kind: "domain-controller" | "exchange" | "event-collector";
    readonly host: string;
    readonly account: string;
    readonly channel: string;
    readonly endpointMapperPort: number;
  }[];
  readonly forwarding: {
    readonly host: string;
    readonly port: number;
    readonly allow: readonly string[];
    /** The value of the group policy *Configure target Subscription Manager*. */
    readonly subscriptionManagers: readonly string[];
  } | null;
  readonly probe: {
    readonly accounts: readonly string[];
    readonly include: readonly string[];
    readonly exclude: readonly string[];
    readonly methods: readonly ("wmi" | "winrm")[];
  } | null;
  readonly syslog: readonly {
    readonly name: string;
    readonly senders: readonly string[];
    readonly transport: "any" | "udp" | "tcp";
  }[];
  readonly firewalls: readonly { readonly name: string; readonly sourceAddresses: readonly string[] }[];
  /** Where agents reach the portal: https://host:port. */
  readonly portalUrl: string;
  /** Where the agents hear firewalls and syslog, each port once. */
  readonly firewallPorts: readonly number[];
  readonly syslogPorts: { readonly udp: readonly number[]; readonly tcp: readonly number[] };
}

export interface HandoverFile {
  readonly name: string;
  readonly text: string;
}

/** A way through the firewalls that stand between. */
export interface Opening {
  readonly from: string;
  readonly to: string;
  readonly protocol: "TCP" | "UDP" | "TCP and UDP";
  readonly ports: string;
  readonly why: string;
}

export interface HandoverPack {
  readonly files: readonly HandoverFile[];
  readonly openings: readonly Opening[];
  /** What the scripts do not do, and why: for a person, shown beside the download too. */
  readonly notes: readonly string[];
}
