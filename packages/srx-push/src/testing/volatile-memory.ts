import type { PushMemory, PushProgress } from "../push-memory.ts";

/** A memory in memory: it outlives a push that is stopped and begun anew, as a disk would. */
export function createVolatileMemory(): PushMemory & { readonly held: ReadonlyMap<string, number> } {
  const held = new Map<string, number>();
  let progress: PushProgress | null = null;
  return {
    held,
    load: async () => progress,
    save: async (next) => {
      progress = next;
    },
    willTell: async (ips, round) => {
      for (const ip of ips) held.set(ip, round);
    },
    forget: async (ips) => {
      for (const ip of ips) held.delete(ip);
    },
    mayHold: async (ips) => new Set(ips.filter((ip) => held.has(ip))),
    leftBehind: async (round, limit) =>
      [...held].flatMap(([ip, told]) => (told < round ? [ip] : [])).slice(0, limit),
  };
}
