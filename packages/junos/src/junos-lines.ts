import { checkInput } from "./check-input.ts";
import {
  BLOCK_IDS,
  type BlockId,
  DEFAULT_BLOCKS,
  type JunosBlock,
  type JunosInput,
  type JunosResult,
  type JunosView,
} from "./junos-input.ts";
import { curlyLines, deleteLines, type Statement, setLines, under } from "./statement.ts";
import {
  caProfiles,
  certificateFile,
  certificateStatements,
  connectionStatements,
  deviceStatements,
  filterStatements,
  hasFilter,
  namesToResolve,
  pathStatements,
  policyStatements,
  queryStatements,
  secondServerStatements,
  secretStatements,
  traceStatements,
} from "./statements.ts";

const TABLE = "show services user-identification authentication-table";
const RENDER = { set: setLines, curly: curlyLines, delete: deleteLines } as const;

/**
 * The lines that make a firewall ask us, in sections.
 *
 * Shape:  the sections named by `blocks` that have something to say, in the order of `BLOCK_IDS`; no comments, no
 *         prompts, one statement a line in the views `set` and `delete`. Without a secret its line is masked and not
 *         copied, so that copying the rest leaves the firewall's secret as it is.
 * Units:  minutes and seconds as Junos takes them.
 * Errors: with a `refused` problem there are no blocks: half a configuration is worse than none.
 * Source: portal.md e (user guide, CLI reference: documented; not tried on a vSRX).
 */
export function generateJunos(
  input: JunosInput,
  {
    view = "set",
    blocks = DEFAULT_BLOCKS,
  }: { readonly view?: JunosView; readonly blocks?: readonly BlockId[] } = {},
): JunosResult {
  const problems = checkInput(input);
  if (problems.some((problem) => problem.severity === "refused")) return { blocks: [], problems };
  const wanted = new Set(blocks);
  const all = [...sections(input, view)].filter((block) => wanted.has(block.id) && block.lines.length > 0);
  return { blocks: all.sort((a, b) => BLOCK_IDS.indexOf(a.id) - BLOCK_IDS.indexOf(b.id)), problems };
}

/** What one press of the copy button puts on the clipboard. */
export function copiedLines(blocks: readonly JunosBlock[]): string[] {
  return blocks.filter((block) => block.copied).flatMap((block) => block.lines);
}

function* sections(input: JunosInput, view: JunosView): Generator<JunosBlock> {
  const { options, filter, primary, secondary } = input;
  const box = options.logicalSystem === null ? under() : under(`logical-systems ${options.logicalSystem}`);
  const root = box.under("services", "user-identification", "identity-management");
  const configured = (
    id: BlockId,
    title: string,
    statements: readonly Statement[],
    warning: string | null = null,
  ) => block(id, title, "configuration", RENDER[view](statements), { copied: true, warning });
  const shown = (id: BlockId, title: string, statements: readonly Statement[], warning: string) =>
    block(id, title, "configuration", RENDER[view](statements), { warning });

  yield block("look-first", "Look first", "operational", [
    "show configuration services user-identification | display set",
  ]);
  yield block(
    "make-room",
    "Make room, if need be",
    "configuration",
    ["active-directory-access", "authentication-source"].map(
      (name) => `delete ${box.under("services", "user-identification", name).path}`,
    ),
    {
      warning:
        "Only where the first command lists them: Junos cannot commit them beside identity-management, and deleting them ends what they do now.",
    },
  );
  yield configured("connection", "Connection", connectionStatements(input, root));
  yield configured("second-server", "Second server", secondServerStatements(input, root));
  yield view === "delete"
    ? configured("secrets", "Client secret", secretStatements(input, root))
    : secretBlock(input, RENDER[view](secretStatements(input, root)));
  yield configured("path", "Path to it", pathStatements(input, root));
  yield configured("certificate", "Certificate check", certificateStatements(input, root), dnsWarning(input));
  yield* certificateFileBlock(input);
  yield configured("queries", "Queries and time-outs", queryStatements(input, root));
  if (hasFilter(filter))
    yield configured("filters", "What the firewall asks for", filterStatements(input, root, box));
  yield configured("device-identity", "Device identity", deviceStatements(input, box));
  if (options.policy)
    yield shown(
      "policy",
      "Policy example",
      policyStatements(options.policy, box),
      "An example. It is not copied with the rest: read it, and put it where your policies want it.",
    );
  yield shown(
    "trace",
    "Trace",
    traceStatements(input, root),
    "For half an hour at most: delete it afterwards.",
  );
  yield block("commit", "Commit", "commit", ["commit check", "commit confirmed 5", "commit"], {
    warning:
      "Look between the second and the third: without the third everything is taken back after 5 minutes.",
  });
  yield block("verify", "Verify", "operational", [
    "show services user-identification identity-management status",
    "show services user-identification identity-management counters",
    `${TABLE} authentication-source identity-management`,
    ...(options.deviceIdentity ? ["show services user-identification device-information table all"] : []),
  ]);
  yield block("take-back", "Take back", "configuration", takeBackLines(root.path, secondary !== null), {
    warning: `This ends identity on the firewall: it no longer asks ${primary.address}.`,
  });
}

function secretBlock({ primary, secondary }: JunosInput, lines: readonly string[]): JunosBlock {
  const isKnown = primary.secret !== null && (secondary === null || secondary.secret !== null);
  return block("secrets", "Client secret", "configuration", lines, {
    copied: isKnown,
    warning: isKnown
      ? "Shown once. Whoever has it can ask as this firewall."
      : "The secret was shown once and is not kept; this line is not copied. Rotate the secret to get a new one.",
  });
}

function* certificateFileBlock(input: JunosInput): Generator<JunosBlock> {
  const { checkCertificate, certificateStyle } = input.options;
  if (!checkCertificate) return;
  const profiles = caProfiles(input);
  const files = profiles.map(certificateFile).join(" and ");
  const hasOne = profiles.length === 1;
  const put = `Put the CA certificate${hasOne ? "" : "s"} on the firewall as ${files} first`;
  const commit = hasOne
    ? "commit the CA profile before loading it"
    : "commit the CA profiles before loading them, one by one: each load asks for a yes";
  const isProfile = certificateStyle === "ca-profile";
  yield block(
    "certificate-file",
    hasOne ? "Load the CA certificate" : "Load the CA certificates",
    "operational",
    profiles.map((profile) =>
      isProfile
        ? `request security pki ca-certificate load ca-profile ${profile} filename ${certificateFile(profile)}`
        : `file show ${certificateFile(profile)}`,
    ),
    { warning: isProfile ? `${put}, and ${commit}.` : `${put}.` },
  );
}

function dnsWarning(input: JunosInput): string | null {
  const names = namesToResolve(input);
  return names.length === 0
    ? null
    : `The firewall must be able to look up ${names.join(" and ")}; where its DNS cannot, give the address as a static host.`;
}

function takeBackLines(place: string, hasSecond: boolean): string[] {
  return hasSecond ? [`deactivate ${place} connection secondary`, `delete ${place}`] : [`delete ${place}`];
}

function block(
  id: BlockId,
  title: string,
  kind: JunosBlock["kind"],
  lines: readonly string[],
  { copied = false, warning = null }: { copied?: boolean; warning?: string | null } = {},
): JunosBlock {
  return { id, title, kind, lines, copied, warning };
}
