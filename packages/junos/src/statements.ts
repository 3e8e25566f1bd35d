import { isAddress } from "./check-input.ts";
import type { JunosFilter, JunosInput, JunosPolicy, JunosServer } from "./junos-input.ts";
import { quoted, type Statement, type StatementsUnder, under } from "./statement.ts";

/** What stands in place of a secret that only its first reader has seen. */
export const MASKED_SECRET = "********";

/**
 * The configuration statements of each section.
 * Source: portal.md e.2, from the user guide's samples and the CLI reference (documented); not yet tried on a vSRX.
 */
export function connectionStatements({ primary }: JunosInput, root: StatementsUnder): Statement[] {
  const connection = root.under("connection");
  return [
    connection.option("connect-method", "https"),
    connection.option("port", primary.port),
    ...serverStatements(connection, "primary", primary),
  ];
}

export function secondServerStatements({ secondary }: JunosInput, root: StatementsUnder): Statement[] {
  return secondary ? serverStatements(root.under("connection"), "secondary", secondary) : [];
}

export function secretStatements(input: JunosInput, root: StatementsUnder): Statement[] {
  return servers(input).map(([name, server]) =>
    root.under("connection", name).option("client-secret", quoted(server.secret ?? MASKED_SECRET)),
  );
}

export function pathStatements(input: JunosInput, root: StatementsUnder): Statement[] {
  const { path } = input.options;
  return servers(input).flatMap(([name]) => {
    const server = root.under("connection", name);
    return [
      ...(path.source === null ? [] : [server.option("source", path.source)]),
      ...(path.interface === null ? [] : [server.option("interface", path.interface)]),
      ...(path.routingInstance === null ? [] : [server.option("routing-instance", path.routingInstance)]),
    ];
  });
}

/** PKI and host names belong to the whole box, also where the connection is one logical system's (assumed). */
export function certificateStatements(input: JunosInput, root: StatementsUnder): Statement[] {
  const { checkCertificate, certificateStyle, staticHosts } = input.options;
  const hosts = staticHosts.map(({ name, address }) =>
    under("system", "static-host-mapping", name).listed("inet", address),
  );
  if (!checkCertificate) return hosts;
  if (certificateStyle === "ca-certificate")
    return [
      ...servers(input).map(([name, { caProfile }]) =>
        root.under("connection", name).option("ca-certificate", certificateFile(caProfile)),
      ),
      ...hosts,
    ];
  return [
    ...caProfiles(input).flatMap((caProfile) => {
      const profile = under("security", "pki", `ca-profile ${caProfile}`);
      return [profile.option("ca-identity", caProfile), profile.under("revocation-check").flag("disable")];
    }),
    ...servers(input).map(([name, { caProfile }]) =>
      root.under("connection", name).option("ca-profile", caProfile),
    ),
    ...hosts,
  ];
}

/** The CA profiles in use, each once, the primary's first. */
export function caProfiles(input: Pick<JunosInput, "primary" | "secondary">): string[] {
  return [...new Set(servers(input).map(([, server]) => server.caProfile))];
}

export function certificateFile(caProfile: string): string {
  return `/var/tmp/${caProfile}.pem`;
}

export function queryStatements({ options }: JunosInput, root: StatementsUnder): Statement[] {
  const batch = root.under("batch-query");
  const query = root.under("ip-query");
  return [
    batch.option("items-per-batch", options.itemsPerBatch),
    batch.option("query-interval", options.queryIntervalSeconds),
    root.option("authentication-entry-timeout", options.authenticationEntryTimeoutMinutes),
    root.option("invalid-authentication-entry-timeout", options.invalidAuthenticationEntryTimeoutMinutes),
    options.ipQuery
      ? query.option("query-delay-time", options.ipQueryDelaySeconds)
      : query.flag("no-ip-query"),
  ];
}

export function filterStatements(
  { filter, options }: JunosInput,
  root: StatementsUnder,
  box: StatementsUnder,
) {
  const book = box.under("security", `address-book ${options.addressBook}`);
  const filters = root.under("filter");
  return [
    ...rangeStatements(book, "rollcall-include", filter.includeIp),
    ...rangeStatements(book, "rollcall-exclude", filter.excludeIp),
    ...filter.domains.map((domain) => filters.listed("domain", domain)),
    ...setStatements(filters.under("include-ip"), options.addressBook, "rollcall-include", filter.includeIp),
    ...setStatements(filters.under("exclude-ip"), options.addressBook, "rollcall-exclude", filter.excludeIp),
  ];
}

export function hasFilter(filter: JunosFilter): boolean {
  return filter.domains.length > 0 || [...filter.includeIp, ...filter.excludeIp].some(isIpv4Range);
}

function rangeStatements(book: StatementsUnder, set: string, ranges: readonly string[]): Statement[] {
  const names = ranges.filter(isIpv4Range).map((range, index) => ({ range, name: `${set}-${index + 1}` }));
  return [
    ...names.map(({ range, name }) => {
      const [low = "", high] = range.split("-");
      return high === undefined
        ? book.listed(`address ${name}`, low.includes("/") ? low : `${low}/32`)
        : book.under(`address ${name}`, `range-address ${low}`, "to").flag(high);
    }),
    ...names.map(({ name }) => book.under(`address-set ${set}`).listed("address", name)),
  ];
}

function setStatements(
  place: StatementsUnder,
  book: string,
  set: string,
  ranges: readonly string[],
): Statement[] {
  if (!ranges.some(isIpv4Range)) return [];
  return [place.option("address-book", book), place.option("address-set", set)];
}

function isIpv4Range(range: string): boolean {
  return !range.includes(":");
}

export function deviceStatements({ options }: JunosInput, box: StatementsUnder): Statement[] {
  const device = options.deviceIdentity;
  if (device === null) return [];
  const information = box.under("services", "user-identification", "device-information");
  const profile = information.under("end-user-profile", `profile-name ${device.profile}`);
  return [
    information.option("authentication-source", "network-access-controller"),
    profile.option("domain-name", device.domain),
    ...device.values.map((value) => profile.under("attribute device-identity").listed("string", value)),
  ];
}

export function policyStatements(policy: JunosPolicy, box: StatementsUnder): Statement[] {
  const place = box.under("security", "policies", `from-zone ${policy.fromZone} to-zone ${policy.toZone}`);
  const allowed = place.under(`policy ${policy.name}`);
  const match = allowed.under("match");
  const then = allowed.under("then");
  const statements = [
    ...anyMatch(match),
    match.listed("source-identity", quoted(`${policy.domain}\\${policy.group}`)),
    then.flag("permit"),
    then.under("log").flag("session-init"),
    then.under("log").flag("session-close"),
  ];
  if (!policy.captivePortal) return statements;
  const rest = place.under(`policy ${policy.name}-sign-in`);
  const redirect = rest.under("then", "permit", "firewall-authentication", "user-firewall");
  return [
    ...statements,
    ...anyMatch(rest.under("match")),
    rest.under("match").listed("source-identity", "unauthenticated-user"),
    rest.under("match").listed("source-identity", "unknown-user"),
    redirect.flag("web-redirect"),
    redirect.flag("web-redirect-to-https"),
  ];
}

function anyMatch(match: StatementsUnder): Statement[] {
  return ["source-address", "destination-address", "application"].map((name) => match.listed(name, "any"));
}

export function traceStatements({ options }: JunosInput, root: StatementsUnder): Statement[] {
  const trace = root.under("traceoptions");
  return [
    trace.option("file", `${options.traceFile} size 10m`),
    trace.option("level", "all"),
    trace.listed("flag", "all"),
  ];
}

function serverStatements(connection: StatementsUnder, name: string, server: JunosServer): Statement[] {
  const place = connection.under(name);
  return [place.option("address", server.address), place.option("client-id", server.clientId)];
}

function servers({
  primary,
  secondary,
}: Pick<JunosInput, "primary" | "secondary">): [name: "primary" | "secondary", server: JunosServer][] {
  return secondary
    ? [
        ["primary", primary],
        ["secondary", secondary],
      ]
    : [["primary", primary]];
}

/** Names that the firewall's own DNS must resolve, or `static-host-mapping`. */
export function namesToResolve(input: JunosInput): string[] {
  const known = new Set(input.options.staticHosts.map(({ name }) => name));
  return servers(input)
    .map(([, server]) => server.address)
    .filter((address) => !isAddress(address) && !known.has(address));
}
