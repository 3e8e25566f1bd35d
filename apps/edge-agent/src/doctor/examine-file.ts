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
import { openDoctorLedger } from "./doctor-ledger.ts";
import { idleMachineChecks } from "./machine-checks.ts";

/**
 * Examines what a local configuration file asks for, without an agent that runs: the sources are built as `run` builds them,
 * in a folder of their own that is removed afterwards, and none is read. Logins that fail are counted with those of the agent whose
 * state folder the settings name. Null: there is no source of that id.
 */
export async function examineFile(
  { settings, local }: { readonly settings: AgentSettings; readonly local: LocalFile },
  sourceId: string | null,
  signal: AbortSignal,
): Promise<DoctorDocument | null> {
  const { ledger, check } = await openDoctorLedger(settings, Date.now);
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
      ledger,
      random: Math.random,
      log: createLogger({ name: "doctor", level: "fatal", destination: { write: () => undefined } }),
    });
    try {
      await parts.find(({ name }) => name === "last good configuration")?.start(signal);
      const doctor = createDoctor({
        site,
        machine: async () => [...(await idleMachineChecks(settings)), check],
        now: Date.now,
      });
      const heard = heardSources(local).filter(({ id }) => sourceId === null || id === sourceId);
      const document = await doctor.examine(sourceId, signal);
      if (document === null && heard.length === 0) return null;
      const logins = { kind: "machine" as const, id: "machine", name: "This machine", checks: [check] };
      const first = sourceId === null ? [] : [logins];
      return documentOf([...first, ...(document?.sections ?? []), ...heard], Date.now());
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
