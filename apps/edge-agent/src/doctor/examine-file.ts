import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createLogger } from "@rollcall/observability";
import { buildAgent } from "../build-agent.ts";
import type { LocalFile } from "../config.ts";
import type { AgentSettings } from "../settings.ts";
import { systemClock } from "../supervisor/clock.ts";
import { createDoctor, documentOf } from "./doctor.ts";
import type { DoctorDocument, DoctorSection } from "./doctor-document.ts";
import { idleMachineChecks } from "./machine-checks.ts";

/**
 * Examines what a local configuration file asks for, without an agent that runs: the sources are built as `run` builds them,
 * in a folder of their own that is removed afterwards, and none is read. Null: there is no source of that id.
 */
export async function examineFile(
  { settings, local }: { readonly settings: AgentSettings; readonly local: LocalFile },
  sourceId: string | null,
  signal: AbortSignal,
): Promise<DoctorDocument | null> {
  const folder = mkdtempSync(path.join(tmpdir(), "rollcall-doctor-"));
  try {
    const { parts, site } = await buildAgent({
      settings: {
        ...settings,
        stateDir: path.join(folder, "state"),
        firewallListen: null,
        legacyListen: null,
        syslogListen: null,
        statusListen: null,
      },
      // Who is heard rather than asked can only be examined by an agent that listens.
      local: { ...local, enforcementPoints: [], syslogSources: [], wefReceiver: null, shadow: undefined },
      clock: systemClock,
      random: Math.random,
      log: createLogger({ name: "doctor", level: "fatal", destination: { write: () => undefined } }),
    });
    try {
      await parts.find(({ name }) => name === "last good configuration")?.start(signal);
      const doctor = createDoctor({ site, machine: () => idleMachineChecks(settings), now: Date.now });
      const heard = heardSources(local).filter(({ id }) => sourceId === null || id === sourceId);
      const document = await doctor.examine(sourceId, signal);
      if (document === null && heard.length === 0) return null;
      return documentOf([...(document?.sections ?? []), ...heard], Date.now());
    } finally {
      await parts.find(({ name }) => name === "store file")?.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function heardSources({ wefReceiver, syslogSources }: LocalFile): readonly DoctorSection[] {
  const checks = [
    {
      name: "Listener",
      ok: true,
      detail: "Only an agent that runs can say who is heard: doctor without --config",
    },
  ];
  return [
    ...(wefReceiver === null
      ? []
      : [{ kind: "wef" as const, id: wefReceiver.id, name: wefReceiver.name, checks }]),
    ...syslogSources.map(({ id, name }) => ({ kind: "syslog" as const, id, name, checks })),
  ];
}
