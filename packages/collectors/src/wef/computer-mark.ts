import { type IpAddress, parseIp } from "@rollcall/identity-core";
import type { Stay } from "./computer.ts";
import type { ChannelMark } from "./soap-reader.ts";

/** What is kept of a computer over a restart: how far it was read, and where it was. */
export interface ComputerMark {
  readonly marks: readonly ChannelMark[];
  readonly stay: Stay | null;
}

export function writeMark({ marks, stay }: ComputerMark): string {
  return JSON.stringify({
    v: 1,
    marks: marks.map(({ channel, recordId, isCurrent }) => [channel, recordId, isCurrent ? 1 : 0]),
    ...(stay === null ? {} : { ip: stay.ip, from: stay.from, until: stay.until }),
  });
}

/** Nothing for none, and for what cannot be read: then the computer begins where it is. */
export function readMark(text: string | null): ComputerMark {
  const nothing: ComputerMark = { marks: [], stay: null };
  if (text === null) return nothing;
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== "object" || parsed === null || !("marks" in parsed)) return nothing;
    const marks = Array.isArray(parsed.marks) ? parsed.marks.flatMap(markIn) : [];
    return { marks, stay: stayIn(parsed) };
  } catch {
    return nothing;
  }
}

function markIn(written: unknown): ChannelMark[] {
  if (!Array.isArray(written)) return [];
  const [channel, recordId, isCurrent]: unknown[] = written;
  if (typeof channel !== "string" || typeof recordId !== "string" || !/^\d{1,20}$/.test(recordId)) return [];
  return [{ channel, recordId, isCurrent: isCurrent === 1 }];
}

function stayIn(parsed: object): Stay | null {
  if (!("ip" in parsed && "from" in parsed && "until" in parsed)) return null;
  const { ip: written, from, until } = parsed;
  const ip: IpAddress | null = typeof written === "string" ? parseIp(written) : null;
  if (ip === null || typeof from !== "number" || typeof until !== "number") return null;
  return { ip, from, until };
}
