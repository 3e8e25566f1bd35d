import { readFileSync } from "node:fs";
import { inMemory, readEvtx } from "@rollcall/windows-rpc/evtx";

/** A real record, to be served as it is or as the mould of others. */
export interface Mould {
  readonly eventId: number;
  readonly version: number;
  readonly channel: string;
  readonly binXml: Buffer;
  /** Its values by name. */
  readonly data: Readonly<Record<string, string>>;
  /** Epoch ms. */
  readonly time: number;
}

/** The records of event log files, in their order; what is damaged is passed over and counted. */
export function readMoulds(files: readonly string[]): {
  readonly moulds: readonly Mould[];
  readonly damaged: number;
} {
  const moulds: Mould[] = [];
  let damaged = 0;
  for (const file of files)
    for (const read of readEvtx(inMemory(readFileSync(file)))) {
      if (read.kind === "damaged") {
        damaged += 1;
        continue;
      }
      const { event } = read;
      moulds.push({
        eventId: event.eventId,
        version: event.version,
        channel: event.channel,
        binXml: read.even6(),
        data: Object.fromEntries(event.names().map((name) => [name, event.data(name) ?? ""])),
        time: event.time,
      });
    }
  return { moulds, damaged };
}

/** The newest version of an event among `moulds`, of those whose values are as `like` says. */
export function findMould(
  moulds: readonly Mould[],
  eventId: number,
  like: Readonly<Record<string, string>> = {},
): Mould | null {
  const fits = moulds.filter(
    (mould) =>
      mould.eventId === eventId && Object.entries(like).every(([name, value]) => mould.data[name] === value),
  );
  return fits.reduce<Mould | null>(
    (best, mould) => (best === null || mould.version > best.version ? mould : best),
    null,
  );
}
