import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createLogger } from "@rollcall/observability";
import { readProfile } from "@rollcall/srx-protocol";
import { checkProfile, inferProfile, renderMessage } from "@rollcall/srx-protocol/recording";
import { AgentError } from "../agent-error.ts";
import { loadConfig } from "../config.ts";
import { issueOwnTls, ownNames } from "../firewall/firewall-certificate.ts";
import { createRecorder, type Recorder } from "../relay/recorder.ts";
import { openRecordingFolder, type RecordingFolder, readRecording } from "../relay/recording-folder.ts";
import { recordingReadme } from "../relay/recording-readme.ts";
import { createRelay, type Relay } from "../relay/relay.ts";
import { type RelayFlags, type RelaySettings, readRelayFlags } from "../relay/relay-settings.ts";
import { checkUpstream } from "../relay/upstream.ts";
import { formatListen } from "../settings.ts";
import { openStateFolder } from "../state/state-folder.ts";
import { EXIT } from "./exit-codes.ts";
import type { CommandContext } from "./host.ts";
import { printable } from "./terminal.ts";

const BANNER_MS = 60_000;
const DIFFERENCE_SHOWN = 2000;

/**
 * `srx relay`: stands between firewalls and the server they asked before, passes everything on and records it without
 * names; ends by itself.
 */
export async function srxRelayCommand(flags: RelayFlags, context: CommandContext): Promise<number> {
  const settings = readRelayFlags(flags);
  const { terminal, now } = context;
  const log = createLogger({
    name: "srx-relay",
    level: "info",
    destination: { write: (line) => terminal.talk(line) },
  });
  await checkUpstream(settings.upstream);
  const startedAt = now();
  const tls = settings.isPlain ? null : await relayTls(settings, context);
  const { forMs, fromCount: firewalls, consent } = settings;
  const folder = openRecordingFolder(
    settings.folder,
    recordingReadme({ startedAt, forMs, firewalls, consent }),
  );
  const recorder = createRecorder({ folder, keepWords: settings.keepWords, now, log });
  const { listen, upstream, from } = settings;
  const relay = createRelay({ listen, upstream, from, tls, recorder, log });
  const terminated = context.untilTerminated();
  await relay.start();

  const until = new Date(startedAt + forMs).toISOString();
  terminal.talk(
    `Passing ${formatListen(relay.address ?? listen)} on to ${formatListen(upstream)}; recording into ${settings.folder}; ends at ${until}.`,
  );
  if (upstream.isUnchecked)
    terminal.talk(terminal.tint("The server's certificate is not checked.", "warn", "talk"));
  if (consent === null)
    terminal.talk(
      terminal.tint(
        'Nobody\'s consent is stated: --consent "who agreed, and when" writes it into the folder.',
        "warn",
        "talk",
      ),
    );
  await untilOver(settings, context, terminated);
  await relay.stop();
  await recorder.settle();
  await folder.settle();
  terminal.talk(summary(relay, recorder, folder, settings.folder));
  return folder.fault === null ? EXIT.ok : EXIT.failed;
}

async function relayTls({ certificate, names, listen }: RelaySettings, context: CommandContext) {
  if (certificate !== null) return certificate;
  const { settings } = loadConfig(context.flags, context.environment);
  const folder = openStateFolder(settings.stateDir);
  const made = await issueOwnTls(folder, ownNames(names, listen.host), context.now());
  context.terminal.talk(
    `Shows a certificate of this agent's own authority. A firewall that checks it needs ${folder.ownAuthorityCertificate}`,
  );
  return { certPem: made.certificatePem, keyPem: made.keyPem };
}

/** Until the time is up or somebody stops it. In plain mode it says every minute what it is. */
async function untilOver(
  { forMs, isPlain }: RelaySettings,
  { terminal }: CommandContext,
  stop: AbortSignal,
): Promise<void> {
  const banner = (): void =>
    terminal.talk(
      terminal.tint(
        " PLAIN HTTP: secrets and names cross the network unencrypted. This ends by itself. ",
        "bad",
        "talk",
      ),
    );
  if (isPlain) banner();
  const repeating = setInterval(() => {
    if (isPlain) banner();
  }, BANNER_MS);
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, forMs);
    const end = (): void => {
      clearTimeout(timer);
      resolve();
    };
    if (stop.aborted) end();
    else stop.addEventListener("abort", end, { once: true });
  });
  clearInterval(repeating);
}

function summary(relay: Relay, recorder: Recorder, folder: RecordingFolder, name: string): string {
  const passed = relay.counts;
  const heard = recorder.counts;
  const disk = folder.counts;
  const lines = [
    `Ended. ${passed.connections} connections, ${passed.bytesToServer} bytes asked, ${passed.bytesToFirewall} bytes answered.`,
    `${disk.kept} pairs in ${name}; ${heard.repeats} repeats of them were not written again.`,
  ];
  const say = (count: number, what: string): void => {
    if (count > 0) lines.push(`${count} ${what}`);
  };
  say(disk.removed, "of the oldest pairs were removed to make room.");
  say(disk.lost, `pairs could not be written${folder.fault === null ? "" : `: ${printable(folder.fault)}`}.`);
  say(heard.lost, "pairs are not in the recording: they came faster than they could be redacted.");
  say(heard.bodiesLeftOut, "bodies are not in the recording, only their length: see the notes in the pairs.");
  say(heard.unfollowed, "connections were passed on but not recorded to their end.");
  say(
    heard.hidden,
    "names of fields or parts of paths were replaced because they might name somebody: --keep-word WORD keeps one.",
  );
  say(passed.strangers, "connections came from other addresses and were closed.");
  say(passed.unreachable, "connections ended because the server could not be reached.");
  if (disk.kept > 0) lines.push(`Next: rollcall-agent srx profile ${name} -o profile.json`);
  return lines.join("\n");
}

/** `srx profile`: concludes how the recorded server answers, says what is sure, and proves it on the recording. */
export function srxProfileCommand(
  folder: string,
  options: { readonly output?: string },
  context: CommandContext,
): number {
  const { terminal } = context;
  const { pairs, unreadable } = readRecording(folder);
  const inferred = inferProfile(pairs);
  if (inferred === null)
    throw new AgentError("nothing-to-conclude", `No answer in ${folder} holds an entry.`, {
      exit: "invalid",
      remedy:
        "Record again while somebody is logged on and the firewall asks for its table: clear the firewall's table to make it ask.",
    });
  if (unreadable > 0) terminal.talk(`${unreadable} files in ${folder} are no pairs and were passed over.`);
  const marks = { seen: "seen   ", guessed: "GUESSED", missing: "MISSING" } as const;
  const tints = { seen: "good", guessed: "warn", missing: "bad" } as const;
  for (const { how, about, sentence } of inferred.findings)
    terminal.talk(
      `${terminal.tint(marks[how], tints[how], "talk")} ${about.padEnd(20)} ${printable(sentence)}`,
    );
  const reading = readProfile(inferred.document);
  if (reading.kind === "refused") {
    for (const fault of reading.faults) terminal.talk(`${fault.path}: ${fault.sentence}`);
    writeProfile(inferred.document, options.output, context);
    terminal.talk("The profile is not whole yet: mend what is named above, then upload it.");
    return EXIT.invalid;
  }
  const { answers, equal, firstDifference } = checkProfile(pairs, reading.profile);
  terminal.talk(
    `Written again with this profile: ${equal} of ${answers} answers are the same byte for byte.`,
  );
  if (firstDifference !== null) {
    terminal.talk(`The first that differs is pair ${firstDifference.number}:`);
    terminal.talk(`  recorded ${printable(firstDifference.recorded.slice(0, DIFFERENCE_SHOWN))}`);
    terminal.talk(`  ours     ${printable(firstDifference.ours.slice(0, DIFFERENCE_SHOWN))}`);
  }
  writeProfile(inferred.document, options.output, context);
  return firstDifference === null ? EXIT.ok : EXIT.degraded;
}

function writeProfile(document: object, file: string | undefined, { terminal }: CommandContext): void {
  const text = `${JSON.stringify(document, null, 2)}\n`;
  if (file === undefined || file === "-") {
    terminal.data(text);
    return;
  }
  writeFileSync(file, text, { mode: 0o600 });
  terminal.talk(`Written to ${file}.`);
}

/** `srx goldens`: the recorded messages as golden files, one a message, as the protocol's tests read them. */
export function srxGoldensCommand(
  folder: string,
  options: { readonly output: string },
  context: CommandContext,
): number {
  const { pairs } = readRecording(folder);
  const into = options.output;
  if (existsSync(into) && readdirSync(into).length > 0)
    throw new AgentError("goldens-folder", `The folder ${into} is not empty.`, {
      exit: "usage",
      remedy: "Name a new one with -o.",
    });
  mkdirSync(into, { recursive: true, mode: 0o700 });
  chmodSync(into, 0o700);
  let files = 0;
  for (const { number, request, response } of pairs) {
    // A body that was not written down makes no golden file: there is nothing to compare with.
    if (request.body === null || response === null || response.body === null) continue;
    const name = path.join(into, String(number).padStart(6, "0"));
    writeFileSync(`${name}.request.http`, renderMessage(request), { mode: 0o600 });
    writeFileSync(`${name}.response.http`, renderMessage(response), { mode: 0o600 });
    files += 2;
  }
  writeFileSync(path.join(into, "README.md"), goldenReadme(pairs.length, files), { mode: 0o600 });
  context.terminal.talk(
    `${files} files in ${into}; ${pairs.length - files / 2} pairs had nothing to compare.`,
  );
  return EXIT.ok;
}

function goldenReadme(pairs: number, files: number): string {
  return `# Golden files from a recording

${files} messages of ${pairs} recorded pairs, each as on the wire but for what \`docs/protocol/recording.md\` replaces:
names, addresses, secrets and times, the length of the body, and chunk framing.

Product and version of the server: (fill in). Junos release of the firewall: (fill in).
`;
}
