import type { HandoverInput, Opening } from "./handover-input.ts";

/** Ports that Windows gives to remote procedure calls, unless the customer's own range is another. */
const DYNAMIC = "49152-65535";

/** Every way that must be open for what is configured, each once, with its reason. */
export function openingsOf(input: HandoverInput): Opening[] {
  const agents = `Agents: ${input.agents.map(({ name }) => name).join(", ") || "not enrolled yet"}`;
  const openings: Opening[] = [
    ...input.directories.map(({ host, port, tls }): Opening => {
      const how = tls === "ldaps" ? "LDAPS" : tls === "starttls" ? "LDAP with StartTLS" : "LDAP, readable";
      return {
        from: agents,
        to: host,
        protocol: "TCP",
        ports: String(port),
        why: `${how}: people, computers and groups`,
      };
    }),
    ...input.eventSources.map(
      ({ host, endpointMapperPort, channel }): Opening => ({
        from: agents,
        to: host,
        protocol: "TCP",
        ports: `${endpointMapperPort}, ${DYNAMIC}`,
        why: `Event log ${channel}: endpoint mapper, then the port it names. Rule group "Remote Event Log Management"`,
      }),
    ),
    ...ticketOpenings(input, agents),
    ...probeOpenings(input, agents),
    ...forwardingOpenings(input, agents),
    ...input.syslog.flatMap((source) => syslogOpenings(source, input, agents)),
    ...input.firewalls.map(
      ({ name, sourceAddresses }): Opening => ({
        from: sourceAddresses.length === 0 ? name : `${name}: ${sourceAddresses.join(", ")}`,
        to: agents,
        protocol: "TCP",
        ports: input.firewallPorts.join(", "),
        why: "The firewall asks who is behind an address",
      }),
    ),
    portalOpening(input, agents),
  ];
  const seen = new Set<string>();
  return openings.filter((opening) => {
    const key = JSON.stringify(opening);
    return !seen.has(key) && seen.add(key);
  });
}

function syslogOpenings(
  { name, senders, transport }: HandoverInput["syslog"][number],
  { syslogPorts }: HandoverInput,
  agents: string,
): Opening[] {
  const udp = syslogPorts.udp.join(", ");
  const tcp = syslogPorts.tcp.join(", ");
  const opening = (protocol: Opening["protocol"], ports: string): Opening => ({
    from: senders.join(", "),
    to: agents,
    protocol,
    ports,
    why: `Syslog of ${name}`,
  });
  if (transport === "udp") return [opening("UDP", udp)];
  if (transport === "tcp") return [opening("TCP", tcp)];
  return udp === tcp ? [opening("TCP and UDP", udp)] : [opening("UDP", udp), opening("TCP", tcp)];
}

function ticketOpenings(input: HandoverInput, agents: string): Opening[] {
  const needsTickets = input.eventSources.length > 0 || (input.probe?.accounts.length ?? 0) > 0;
  if (!needsTickets) return [];
  const to = input.domain === null ? "Domain controllers" : `Domain controllers of ${input.domain}`;
  return [
    { from: agents, to, protocol: "TCP and UDP", ports: "88", why: "Kerberos tickets of the logins" },
    { from: agents, to, protocol: "TCP and UDP", ports: "53", why: "DNS: names of servers and controllers" },
  ];
}

function probeOpenings({ probe }: HandoverInput, agents: string): Opening[] {
  if (probe === null) return [];
  const but = probe.exclude.length === 0 ? "" : `, but not ${probe.exclude.join(", ")}`;
  const to = `Computers in ${probe.include.join(", ")}${but}`;
  return probe.methods.map((method): Opening => {
    const isWmi = method === "wmi";
    return {
      from: agents,
      to,
      protocol: "TCP",
      ports: isWmi ? `135, ${DYNAMIC}` : "5985",
      why: isWmi
        ? 'Asks who sits there by WMI. Rule group "Windows Management Instrumentation (WMI)"; keep it closed towards networks you do not trust'
        : 'Asks who sits there by WinRM. Rule group "Windows Remote Management"',
    };
  });
}

function forwardingOpenings({ forwarding }: HandoverInput, agents: string): Opening[] {
  if (forwarding === null) return [];
  const { host, port, allow } = forwarding;
  return [
    {
      from: allow.length === 0 ? "Computers with a certificate" : `Computers: ${allow.join(", ")}`,
      to: `${host} (${agents})`,
      protocol: "TCP",
      ports: String(port),
      why: "Computers forward their events, over HTTPS with their certificates",
    },
  ];
}

function portalOpening({ portalUrl }: HandoverInput, agents: string): Opening {
  const parts = /^https:\/\/(\[[^\]]+\]|[^:/]+)(?::(\d+))?/.exec(portalUrl);
  return {
    from: agents,
    to: parts?.[1] ?? portalUrl,
    protocol: "TCP",
    ports: parts?.[2] ?? "443",
    why: "The agents call the portal; nothing calls them from outside",
  };
}

/** As a table that a spreadsheet opens. What begins like a formula is made text. */
export function openingsCsv(openings: readonly Opening[]): string {
  const cell = (text: string) => `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
  const rows = openings.map(({ from, to, protocol, ports, why }) =>
    [from, to, protocol, ports, why].map(cell).join(","),
  );
  return `\uFEFF${['"From","To","Protocol","Ports","Why"', ...rows].join("\r\n")}\r\n`;
}
