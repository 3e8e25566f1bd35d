import type { SiteConfig, SourceKind } from "@rollcall/agent-protocol";
import type { CheckResult } from "@rollcall/collectors/collector";
import { PROBE_SOURCE_ID } from "@rollcall/collectors/pc-probe";
import { messageOf } from "../agent-error.ts";
import type { SiteRuntime } from "../sources/site-runtime.ts";
import { DOCTOR_SCHEMA, type DoctorDocument, type DoctorSection } from "./doctor-document.ts";

export interface DoctorOptions {
  readonly site: Pick<SiteRuntime, "effective" | "test">;
  /** What this machine itself needs. */
  readonly machine: () => Promise<readonly CheckResult[]>;
  readonly now: () => number;
}

export interface Doctor {
  /** Examines one source, or where null this machine and every source. Null: there is no source of that id. */
  examine(sourceId: string | null, signal: AbortSignal): Promise<DoctorDocument | null>;
}

/** Examined at once: each may wait for a server that does not answer. */
const AT_ONCE = 4;
const DETAIL_MAX = 1000;

interface Examined {
  readonly kind: SourceKind;
  readonly id: string;
  readonly name: string;
  readonly isOff: boolean;
}

/**
 * Examines what a site needs to work: the very checks of the portal's Test button, of every source, and this machine.
 *
 * Errors: none thrown but by a site without configuration; what goes wrong is a failed check.
 */
export function createDoctor({ site, machine, now }: DoctorOptions): Doctor {
  return {
    async examine(sourceId, signal) {
      const effective = site.effective;
      if (effective === null) throw new Error("no configuration is in force yet");
      const all = sourcesOf(effective.site);
      const wanted = sourceId === null ? all : all.filter(({ id }) => id === sourceId);
      if (wanted.length === 0 && sourceId !== null) return null;
      const sections: DoctorSection[] = [];
      if (sourceId === null)
        sections.push({
          kind: "machine",
          id: "machine",
          name: "This machine",
          checks: [...(await machine())],
        });
      const examined = await inGroups(wanted, (source) => examineSource(site, source, signal));
      sections.push(...examined);
      return documentOf(sections.map(shortened), now());
    },
  };
}

export function documentOf(sections: readonly DoctorSection[], at: number): DoctorDocument {
  const checks = sections.flatMap((section) => section.checks);
  const state = checks.some(({ ok }) => !ok)
    ? "failed"
    : checks.some(({ remedy }) => remedy !== undefined)
      ? "advice"
      : "ok";
  return { schema: DOCTOR_SCHEMA, at, state, sections: [...sections] };
}

async function examineSource(
  site: DoctorOptions["site"],
  { kind, id, name, isOff }: Examined,
  signal: AbortSignal,
): Promise<DoctorSection> {
  if (isOff) return { kind, id, name, checks: [{ name: "Source", ok: true, detail: "It is switched off" }] };
  try {
    const checks = (await site.test(kind, id, signal)) ?? [];
    return { kind, id, name, checks: [...checks] };
  } catch (error) {
    const detail = signal.aborted ? "It took longer than was allowed" : messageOf(error);
    return { kind, id, name, checks: [{ name: "Examination", ok: false, detail }] };
  }
}

function sourcesOf(site: SiteConfig): readonly Examined[] {
  const { directories, eventSources, wefReceiver, pcProbe, syslogSources } = site;
  return [
    ...directories.map(({ id, name }) => ({ kind: "directory" as const, id, name, isOff: false })),
    ...eventSources.map(({ id, name, enabled }) => ({
      kind: "event-log" as const,
      id,
      name,
      isOff: !enabled,
    })),
    ...(wefReceiver === null
      ? []
      : [{ kind: "wef" as const, id: wefReceiver.id, name: wefReceiver.name, isOff: false }]),
    ...(pcProbe === null
      ? []
      : [{ kind: "pc-probe" as const, id: PROBE_SOURCE_ID, name: "PC probe", isOff: !pcProbe.enabled }]),
    ...syslogSources.map(({ id, name }) => ({ kind: "syslog" as const, id, name, isOff: false })),
  ];
}

async function inGroups<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += AT_ONCE)
    results.push(...(await Promise.all(items.slice(from, from + AT_ONCE).map(work))));
  return results;
}

function shortened(section: DoctorSection): DoctorSection {
  const cut = (text: string) => text.slice(0, DETAIL_MAX);
  return {
    ...section,
    checks: section.checks.map(({ remedy, ...check }) => ({
      ...check,
      detail: cut(check.detail),
      ...(remedy === undefined || remedy === "" ? {} : { remedy: cut(remedy) }),
    })),
  };
}
