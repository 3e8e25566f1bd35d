import { type BaseConfiguration, baseConfigurations } from "@rollcall/syslog-rules";
import type { z } from "zod";
import type { baseConfigurationList, SequenceFields } from "./syslog.schema.ts";

export function listBaseConfigurations(): z.infer<typeof baseConfigurationList> {
  return {
    items: baseConfigurations.map((base) => ({
      name: base.id,
      title: base.name,
      description: base.description,
      sequences: sequencesOf(base),
    })),
  };
}

export function findBaseConfiguration(name: string): BaseConfiguration | null {
  return baseConfigurations.find((base) => base.id === name) ?? null;
}

/** The sequences as a form would send them, ready to be copied into a source. */
export function sequencesOf(base: BaseConfiguration): SequenceFields[] {
  return base.sequences.map(({ id: _, ordinal: __, ...fields }) => fields);
}
