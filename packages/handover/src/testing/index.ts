import type { HandoverInput } from "../handover-input.ts";

/** A site with one of everything. */
export function aHandover(of: Partial<HandoverInput> = {}): HandoverInput {
  return {
    customer: "Castell & Daughters",
    site: "London",
    siteSlug: "london",
    domain: "castell.example",
    agents: [{ name: "cd-lon-01" }],
    directories: [
      {
        name: "AD",
        host: "dc1.castell.example",
        port: 636,
        tls: "ldaps",
        account: "svc-read@castell.example",
      },
    ],
    eventSources: [
      {
        name: "DC-01",
        kind: "domain-controller",
        host: "dc1.castell.example",
        account: "svc-read@castell.example",
        channel: "Security",
        endpointMapperPort: 135,
      },
      {
        name: "Mail",
        kind: "exchange",
        host: "ex1.castell.example",
        account: "CASTELL\\svc-read",
        channel: "Security",
        endpointMapperPort: 135,
      },
    ],
    forwarding: {
      host: "cd-lon-01.castell.example",
      port: 5986,
      allow: ["*.castell.example"],
      subscriptionManagers: [
        "Server=https://cd-lon-01.castell.example:5986/wsman/SubscriptionManager/WEC,Refresh=60,IssuerCA=0123456789abcdef0123456789abcdef01234567",
      ],
    },
    probe: {
      accounts: ["svc-probe@castell.example"],
      include: ["10.30.0.0/16"],
      exclude: ["10.30.9.0/24"],
      methods: ["wmi", "winrm"],
    },
    syslog: [{ name: "VPN", senders: ["10.20.0.9"], transport: "any" }],
    firewalls: [{ name: "HQ-FW1", sourceAddresses: ["10.20.0.1"] }],
    portalUrl: "https://gateway.example:8443",
    firewallPorts: [443],
    syslogPorts: { udp: [514], tcp: [514] },
    ...of,
  };
}

/** Nothing but the agents. */
export function aBareHandover(): HandoverInput {
  return aHandover({
    directories: [],
    eventSources: [],
    forwarding: null,
    probe: null,
    syslog: [],
    firewalls: [],
  });
}
