import { isAddress } from "./check-input.ts";
import type { JunosBlock, JunosProblem } from "./junos-input.ts";
import { deleteLines, quoted, type Statement, setLines, under } from "./statement.ts";
import { MASKED_SECRET } from "./statements.ts";

/** What is set on a firewall so that others may post to its Web API. */
export interface PushLinesInput {
  readonly user: string;
  /** Null: unknown here, printed as a mask. */
  readonly password: string | null;
  /** Addresses that may post: the agents', or the cloud's. */
  readonly clients: readonly string[];
  readonly scheme: "https" | "http";
  readonly port: number;
  /** The zone in which the senders stand; null: they come by the management interface. */
  readonly zone: string | null;
  /** Minutes, 0 or 10 to 1440. */
  readonly authenticationEntryTimeoutMinutes: number;
  /** Whether it matches policies by device too. */
  readonly usesDevices: boolean;
}

export interface PushLinesResult {
  readonly blocks: readonly (Omit<JunosBlock, "id"> & { readonly id: string })[];
  readonly problems: readonly JunosProblem[];
}

const USER = /^[A-Za-z0-9._-]{1,64}$/;
/** Inside Junos quotes: nothing that could end them or begin a line of its own. */
const PASSWORD = /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/;
const ZONE = /^[A-Za-z0-9_.-]{1,63}$/;
const CLIENTS_MAX = 20;
const TABLE = "services user-identification authentication-table authentication-source aruba-clearpass";

/**
 * The lines that make a firewall take posts, in sections.
 *
 * Shape:  as `generateJunos`: one statement a line, no prompts; without a password its line is masked and not copied.
 *         There is no curly view, because how Junos shows the Web API's user is not known.
 * Units:  minutes as Junos takes them; 0 keeps entries until they are ended.
 * Errors: with a `refused` problem there are no blocks: half a configuration is worse than none.
 * Source: docs/protocol/srx-push.md, "on the firewall" (documented by the CLI reference and seen in public
 *         configurations; not yet tried on a vSRX).
 */
export function pushLines(
  input: PushLinesInput,
  { view = "set" }: { readonly view?: "set" | "delete" } = {},
): PushLinesResult {
  const problems = [...checkPushInput(input)];
  if (problems.some(({ severity }) => severity === "refused")) return { blocks: [], problems };
  return { blocks: [...sections(input, view)].filter(({ lines }) => lines.length > 0), problems };
}

function* sections(
  input: PushLinesInput,
  view: "set" | "delete",
): Generator<PushLinesResult["blocks"][number]> {
  const { user, password, clients, scheme, port, zone, usesDevices } = input;
  const render = view === "set" ? setLines : deleteLines;
  const configured = (
    id: string,
    title: string,
    statements: readonly Statement[],
    more: { readonly copied?: boolean; readonly warning?: string | null } = {},
  ): PushLinesResult["blocks"][number] => ({
    id,
    title,
    kind: "configuration",
    lines: render(statements),
    copied: more.copied ?? true,
    warning: more.warning ?? null,
  });
  const api = under("system", "services", "webapi");
  const source = under("services", "user-identification", "authentication-source", "aruba-clearpass");

  yield {
    id: "make-room",
    title: "Make room, if need be",
    kind: "configuration",
    lines: view === "set" ? ["delete services user-identification identity-management"] : [],
    copied: false,
    warning: "A firewall that is posted to cannot ask as well: Junos takes one of the two.",
  };
  yield configured("web-api", "The Web API", [
    api.option("user", user),
    ...clients.map((client) => api.listed("client", client)),
    api.under(scheme).option("port", port),
    ...(scheme === "https" ? [api.under("https").flag("default-certificate")] : []),
  ]);
  yield configured(
    "secret",
    "Its password",
    [api.under("user").option("password", quoted(password ?? MASKED_SECRET))],
    { copied: password !== null, warning: password === null ? "Type the password in its place." : null },
  );
  yield configured("source", "Where users come from", [
    source.flag("no-user-query"),
    source.option("authentication-entry-timeout", input.authenticationEntryTimeoutMinutes),
  ]);
  if (usesDevices)
    yield configured("devices", "Devices", [
      under("services", "user-identification", "device-information").option(
        "authentication-source",
        "network-access-controller",
      ),
    ]);
  if (zone !== null)
    yield configured("zone", "Let the posts in", [
      under("security", "zones", `security-zone ${zone}`, "host-inbound-traffic").listed(
        "system-services",
        scheme === "https" ? "webapi-ssl" : "webapi-clear-text",
      ),
    ]);
  yield {
    id: "verify",
    title: "Look",
    kind: "operational",
    lines: view === "set" ? [`show ${TABLE}`] : [`clear ${TABLE}`],
    copied: false,
    warning: null,
  };
}

function* checkPushInput(input: PushLinesInput): Generator<JunosProblem> {
  const { user, password, clients, port, zone, scheme, authenticationEntryTimeoutMinutes: timeout } = input;
  const refused = (field: string, sentence: string): JunosProblem => ({
    severity: "refused",
    field,
    sentence,
  });
  const warning = (field: string, sentence: string): JunosProblem => ({
    severity: "warning",
    field,
    sentence,
  });
  if (!USER.test(user))
    yield refused("user", "The Web API's user is 1 to 64 letters, digits, points, underscores and hyphens.");
  if (password !== null && !PASSWORD.test(password))
    yield refused(
      "password",
      "The Web API's password is 1 to 128 plain characters without spaces, quotes and backslashes.",
    );
  if (clients.length === 0) yield refused("clients", "Nobody may post: name the agents' addresses.");
  if (clients.length > CLIENTS_MAX)
    yield refused("clients", `Junos lets ${CLIENTS_MAX} addresses post at most.`);
  for (const client of clients)
    if (!isAddress(client)) yield refused("clients", `"${client}" is no address: Junos takes no names here.`);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) yield refused("port", `${port} is no port.`);
  if (zone !== null && !ZONE.test(zone)) yield refused("zone", `"${zone}" is no name of a zone.`);
  if (timeout !== 0 && !(Number.isInteger(timeout) && timeout >= 10 && timeout <= 1440))
    yield refused("authenticationEntryTimeoutMinutes", "The timeout is 0, or 10 to 1440 minutes.");
  else if (timeout !== 0)
    yield warning(
      "authenticationEntryTimeoutMinutes",
      "Entries age out on the firewall: have everything told again more often than that, or set 0.",
    );
  if (scheme === "http") yield warning("scheme", "Over http the password and people's names go in clear.");
}
