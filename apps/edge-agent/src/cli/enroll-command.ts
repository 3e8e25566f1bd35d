import { ONBOARDING_FILE_MAX_BYTES, type OnboardingPayload } from "@rollcall/agent-protocol";
import { AgentError } from "../agent-error.ts";
import { loadConfig } from "../config.ts";
import { enrol } from "../enrolment/enrol.ts";
import { readIdentity } from "../enrolment/identity.ts";
import { checkOnboarding, readOnboardingFile, readTrust, short } from "../enrolment/read-onboarding.ts";
import { spendOnboardingFile } from "../enrolment/spend-file.ts";
import { openStateFolder } from "../state/state-folder.ts";
import { EXIT } from "./exit-codes.ts";
import type { CommandContext } from "./host.ts";
import { printable } from "./terminal.ts";

export interface EnrollOptions {
  readonly stdin?: boolean;
  readonly yes?: boolean;
  readonly trust?: string;
  readonly keepFile?: boolean;
}

/** `enroll FILE`: shows what the file asks for, lets a person agree, and makes this machine an agent. */
export async function enrollCommand(
  file: string | undefined,
  options: EnrollOptions,
  context: CommandContext,
): Promise<number> {
  const { terminal, now } = context;
  if ((file === undefined) === (options.stdin !== true)) {
    throw new AgentError("usage", "Name the onboarding file, or give it with --stdin.", {
      exit: "usage",
      remedy: "rollcall-agent enroll rollcall-onboarding-london.json",
    });
  }
  const bytes =
    file === undefined ? await terminal.readStdin(ONBOARDING_FILE_MAX_BYTES) : readOnboardingFile(file);
  const { settings } = loadConfig(context.flags, context.environment);
  const folder = openStateFolder(settings.stateDir);
  const known = readIdentity(folder.identity);
  const trustedFileKeys =
    options.trust === undefined ? (known === null ? undefined : [known.fileKey]) : readTrust(options.trust);
  const checked = checkOnboarding(bytes, {
    now: now(),
    ...(trustedFileKeys === undefined ? {} : { trustedFileKeys }),
  });

  terminal.talk(summary(checked.payload, checked.fileKeyFingerprint, trustedFileKeys === undefined));
  if (options.yes !== true && (await terminal.confirm("Enrol this machine?")) === false) {
    terminal.talk("Nothing was done.");
    return EXIT.interrupted;
  }
  const outcome = await enrol(folder, checked.payload, { now });
  if (file !== undefined && options.keepFile !== true && !spendOnboardingFile(file)) {
    terminal.talk(`The file ${file} could not be removed; it is of no more use: please delete it.`);
  }
  const { agentName, tenant, site } = outcome.identity;
  const done =
    outcome.kind === "enrolled"
      ? "Enrolled as"
      : "This file was used by this agent before: it is enrolled as";
  terminal.talk(
    `${terminal.tint(done, "good", "talk")} ${printable(`${agentName} of ${tenant.name}, ${site.name}.`)}`,
  );
  terminal.talk("Start it: rollcall-agent run");
  return EXIT.ok;
}

function summary(payload: OnboardingPayload, fileKeyFingerprint: string, isFirstUse: boolean): string {
  const rows: [string, string][] = [
    ["Customer", payload.tenant.name],
    ["Site", payload.site.name],
    ["Agent", `${payload.agent.name}${payload.agent.purpose === "reenrol" ? " (enrolled anew)" : ""}`],
    ["Gateway", new URL(payload.endpoints.enrol).host],
    ["Its CA", short(payload.trust.ca_sha256)],
    [
      "File signed by",
      `${short(fileKeyFingerprint)}${isFirstUse ? "  (compare with the portal)" : "  (trusted)"}`,
    ],
    ["Token", `${payload.token.id.slice(0, 4)}…, good until ${payload.token.not_after}`],
  ];
  return rows.map(([label, value]) => `  ${label.padEnd(16)}${printable(value)}`).join("\n");
}
