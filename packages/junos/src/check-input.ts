import type { JunosInput, JunosProblem, JunosServer } from "./junos-input.ts";

const CLIENT_ID = /^[A-Za-z0-9-]{3,64}$/;
const SECRET = /^[A-Za-z0-9]{1,128}$/;
const IDENTIFIER = /^[A-Za-z0-9_.-]{1,63}$/;
const CA_PROFILE = /^[A-Z0-9_-]{1,32}$/;
/** Room for the cloud's suffix behind a name of full length. */
const SERVER_CA_PROFILE = /^[A-Z0-9_-]{1,38}$/;
const INTERFACE = /^[a-z0-9/.:-]{1,63}$/;
const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;
const IPV6 = /^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$/;
const HOST =
  /^(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*$/;
/** Inside Junos quotes: nothing that could end them or begin a line of its own. */
const QUOTABLE = /^[^"\\\p{Cc}\p{Zl}\p{Zp}]{1,256}$/u;
const RANGE = /^[0-9A-Fa-f:./-]{2,100}$/;

export const DOMAINS_ADVISED = 20;

/**
 * Checks what a Junos box would refuse, or take and mean something else by.
 *
 * Errors: everything that could break out of a line is `refused`: a line we print is one Junos statement.
 * Source: portal.md e.1; ranges of [J6] and the user guide (documented), address forms of [J7] (documented).
 */
export function checkInput(input: JunosInput): JunosProblem[] {
  return [...checkServers(input), ...checkQueries(input), ...checkNames(input), ...checkFilter(input)];
}

export function isAddress(text: string): boolean {
  return IPV4.test(text) || IPV6.test(text);
}

function* checkServers({ primary, secondary, options }: JunosInput): Generator<JunosProblem> {
  yield* checkServer("primary", primary);
  if (secondary) {
    yield* checkServer("secondary", secondary);
    if (primary.port !== secondary.port)
      yield refused(
        "secondary.port",
        `Junos has one connection port for both servers: primary uses ${primary.port}, secondary ${secondary.port}. Give both the same port.`,
      );
    if (primary.address === secondary.address)
      yield refused("secondary.address", "Primary and secondary are the same server.");
  }
  if (!options.checkCertificate)
    yield warning(
      "checkCertificate",
      "Without the certificate check the firewall believes any server that answers at this address.",
    );
  for (const [name, server] of [
    ["primary", primary],
    ["secondary", secondary],
  ] as const)
    if (server && options.checkCertificate && isAddress(server.address))
      yield warning(
        `${name}.address`,
        `${server.address} is an address: some Junos releases check certificates by DNS name only. A full name is safer.`,
      );
}

function* checkServer(field: string, server: JunosServer): Generator<JunosProblem> {
  if (!isAddress(server.address)) {
    if (!HOST.test(server.address))
      yield refused(`${field}.address`, `"${server.address}" is no host name and no address.`);
    else if (!server.address.includes("."))
      yield refused(
        `${field}.address`,
        `Junos takes no bare host name: write ${server.address} with its domain, or an address.`,
      );
  }
  if (!Number.isInteger(server.port) || server.port < 1 || server.port > 65_535)
    yield refused(`${field}.port`, `${server.port} is no port.`);
  if (!CLIENT_ID.test(server.clientId))
    yield refused(`${field}.clientId`, "A client id is 3 to 64 letters, digits and hyphens.");
  if (server.secret !== null && !SECRET.test(server.secret))
    yield refused(
      `${field}.secret`,
      "A client secret is letters and digits only, so that no line needs quoting.",
    );
  if (!SERVER_CA_PROFILE.test(server.caProfile))
    yield refused(
      `${field}.caProfile`,
      "The CA profile of a server is capital letters, digits, hyphen and underscore.",
    );
}

function* checkQueries({ options }: JunosInput): Generator<JunosProblem> {
  yield* inRange("itemsPerBatch", options.itemsPerBatch, 100, 1000, "items per batch");
  yield* inRange("queryIntervalSeconds", options.queryIntervalSeconds, 1, 60, "seconds between queries");
  yield* inRange(
    "ipQueryDelaySeconds",
    options.ipQueryDelaySeconds,
    0,
    60,
    "seconds of delay of an address query",
  );
  for (const field of [
    "authenticationEntryTimeoutMinutes",
    "invalidAuthenticationEntryTimeoutMinutes",
  ] as const)
    if (options[field] !== 0)
      yield* inRange(field, options[field], 10, 1440, "minutes, or 0 for no time-out");
}

function* checkNames({ options }: JunosInput): Generator<JunosProblem> {
  const { path, policy, deviceIdentity, staticHosts } = options;
  if (!CA_PROFILE.test(options.caProfile))
    yield refused("caProfile", "A CA profile is capital letters, digits, hyphen and underscore.");
  yield* identifiers({
    logicalSystem: options.logicalSystem,
    "path.routingInstance": path.routingInstance,
    addressBook: options.addressBook,
    traceFile: options.traceFile,
    "policy.fromZone": policy?.fromZone ?? null,
    "policy.toZone": policy?.toZone ?? null,
    "policy.name": policy?.name ?? null,
    "deviceIdentity.profile": deviceIdentity?.profile ?? null,
  });
  if (path.source !== null && !isAddress(path.source))
    yield refused("path.source", `"${path.source}" is no address.`);
  if (path.interface !== null && !INTERFACE.test(path.interface))
    yield refused("path.interface", `"${path.interface}" is no interface name.`);
  for (const { name, address } of staticHosts)
    if (!HOST.test(name) || !IPV4.test(address))
      yield refused("staticHosts", `"${name}" at "${address}" is no host name with an IPv4 address.`);
  if (policy && !(QUOTABLE.test(policy.domain) && QUOTABLE.test(policy.group)))
    yield refused(
      "policy.group",
      "A domain or group may not hold quotation marks, backslashes or control characters.",
    );
  if (deviceIdentity && !QUOTABLE.test(deviceIdentity.domain))
    yield refused(
      "deviceIdentity.domain",
      "A domain may not hold quotation marks, backslashes or control characters.",
    );
  yield* identifiers(
    Object.fromEntries(
      (deviceIdentity?.values ?? []).map((value, index) => [`deviceIdentity.values.${index}`, value]),
    ),
  );
}

function* checkFilter({ filter }: JunosInput): Generator<JunosProblem> {
  if (filter.domains.length > DOMAINS_ADVISED)
    yield warning(
      "filter.domains",
      `${filter.domains.length} domains: some Junos releases take ${DOMAINS_ADVISED}, some 25.`,
    );
  for (const domain of filter.domains)
    if (!HOST.test(domain)) yield refused("filter.domains", `"${domain}" is no domain name.`);
  for (const field of ["includeIp", "excludeIp"] as const) {
    for (const range of filter[field])
      if (!RANGE.test(range)) yield refused(`filter.${field}`, `"${range}" is no address, prefix or range.`);
    if (filter[field].some((range) => range.includes(":")))
      yield warning(
        `filter.${field}`,
        "The firewall's own filters take IPv4 only: IPv6 ranges are left out of its lines.",
      );
  }
}

function* identifiers(values: Readonly<Record<string, string | null>>): Generator<JunosProblem> {
  for (const [field, value] of Object.entries(values))
    if (value !== null && !IDENTIFIER.test(value))
      yield refused(field, `"${value}": letters, digits, dot, hyphen and underscore only.`);
}

function* inRange(
  field: string,
  value: number,
  min: number,
  max: number,
  what: string,
): Generator<JunosProblem> {
  if (!Number.isInteger(value) || value < min || value > max)
    yield refused(field, `${value}: Junos takes ${min} to ${max} ${what}.`);
}

function refused(field: string, sentence: string): JunosProblem {
  return { severity: "refused", field, sentence };
}

function warning(field: string, sentence: string): JunosProblem {
  return { severity: "warning", field, sentence };
}
