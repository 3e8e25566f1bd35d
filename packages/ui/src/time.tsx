"use client";

import { createContext, type ReactNode, useContext, useSyncExternalStore } from "react";

/**
 * Times of the portal. Stored in UTC, shown in the reader's chosen zone, which is always printed.
 * Within 24 h a time is told as an age, with the exact instant on hover and focus; older ones are told in full.
 */
interface TimeSettings {
  /** IANA zone of the reader's choice. */
  readonly zone: string;
  /** Epoch ms of the server's render: the first browser render repeats it, so both write the same text. */
  readonly renderedAt: number;
}

const TimeContext = createContext<TimeSettings>({ zone: "UTC", renderedAt: 0 });

export function TimeProvider({ zone, renderedAt, children }: TimeSettings & { children: ReactNode }) {
  return <TimeContext value={{ zone, renderedAt }}>{children}</TimeContext>;
}

export function useZone(): string {
  return useContext(TimeContext).zone;
}

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    for (const each of listeners) each();
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0 && timer !== undefined) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** A value computed from the present moment, recomputed each second, re-rendered only when it changed. */
export function useFromNow<T extends string | number | boolean>(compute: (nowMs: number) => T): T {
  const { renderedAt } = useContext(TimeContext);
  return useSyncExternalStore(
    subscribe,
    () => compute(Date.now()),
    () => compute(renderedAt),
  );
}

export type Instant = Date | number | string;

export function toEpochMs(at: Instant): number {
  return at instanceof Date ? at.getTime() : typeof at === "number" ? at : Date.parse(at);
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: string, withSeconds: boolean, withDate: boolean): Intl.DateTimeFormat {
  const key = `${zone}|${withSeconds}|${withDate}`;
  const known = formatters.get(key);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    hourCycle: "h23",
    hour: "2-digit",
    minute: "2-digit",
    ...(withSeconds ? { second: "2-digit" as const } : {}),
    ...(withDate ? { day: "numeric" as const, month: "short" as const, year: "numeric" as const } : {}),
    timeZoneName: "short",
  });
  formatters.set(key, made);
  return made;
}

/** "21 Nov 2026, 14:02:11 CET". Shape: one line of text; Units: epoch ms in, the named zone out. */
export function formatInstant(
  atMs: number,
  zone: string,
  options: { seconds?: boolean; date?: boolean } = {},
): string {
  if (Number.isNaN(atMs)) return "—";
  return formatter(zone, options.seconds ?? true, options.date ?? true).format(atMs);
}

/** "4 s", "12 min", "3 h", "5 d": a length without direction. */
export function formatAge(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h`;
  return `${Math.floor(s / 86_400)} d`;
}

/** "0:42", "12:05", "1:02:03": a running clock. */
export function formatClock(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number) => String(n).padStart(2, "0");
  const hours = Math.floor(s / 3600);
  return hours > 0
    ? `${hours}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`
    : `${Math.floor(s / 60)}:${two(s % 60)}`;
}

/** Clocks of browser and server differ a little: what has just been is never shown as yet to come. */
const CLOCKS_DIFFER_MS = 60_000;

function relative(atMs: number, nowMs: number, zone: string, isFuture: boolean): string {
  const age = nowMs - atMs;
  if (Math.abs(age) >= 86_400_000) return formatInstant(atMs, zone, { seconds: false });
  if (age >= 0 || (!isFuture && age > -CLOCKS_DIFFER_MS)) return `${formatAge(age)} ago`;
  return `in ${formatAge(-age)}`;
}

export interface TimeAgoProps {
  readonly at: Instant | null | undefined;
  readonly none?: string;
  /** It is expected to lie ahead: an end, a next change. */
  readonly future?: boolean;
}

/** How long ago, or how soon, with the exact instant in the reader's zone and in UTC on hover and for assistive technology. */
export function TimeAgo({ at, none = "never", future = false }: TimeAgoProps) {
  const zone = useZone();
  const atMs = at === null || at === undefined ? Number.NaN : toEpochMs(at);
  const text = useFromNow((now) => (Number.isNaN(atMs) ? none : relative(atMs, now, zone, future)));
  if (Number.isNaN(atMs)) return <span className="text-ink-3">{none}</span>;
  return (
    <time
      dateTime={new Date(atMs).toISOString()}
      title={exact(atMs, zone)}
      suppressHydrationWarning
      className="whitespace-nowrap"
    >
      {text}
    </time>
  );
}

/** The exact instant, in the reader's zone. */
export function Time({
  at,
  none = "—",
  date = true,
}: {
  at: Instant | null | undefined;
  none?: string;
  date?: boolean;
}) {
  const zone = useZone();
  if (at === null || at === undefined) return <span className="text-ink-3">{none}</span>;
  const atMs = toEpochMs(at);
  if (Number.isNaN(atMs)) return <span className="text-ink-3">{none}</span>;
  return (
    <time dateTime={new Date(atMs).toISOString()} title={exact(atMs, zone)} className="whitespace-nowrap">
      {formatInstant(atMs, zone, { date })}
    </time>
  );
}

function exact(atMs: number, zone: string): string {
  const here = formatInstant(atMs, zone);
  return zone === "UTC" ? here : `${here} · ${formatInstant(atMs, "UTC")}`;
}

/** A clock that runs since an instant: "0:42". */
export function RunningClock({ since }: { since: Instant }) {
  const sinceMs = toEpochMs(since);
  const text = useFromNow((now) => formatClock(now - sinceMs));
  return (
    <span suppressHydrationWarning className="font-mono text-sm text-ink-2">
      {text}
    </span>
  );
}
