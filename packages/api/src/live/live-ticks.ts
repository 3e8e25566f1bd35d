import type { z } from "zod";
import type { Principal, SignedInContext } from "../context.ts";
import { grantedCustomers } from "../customers/fleet.ts";
import { grantedPermissions } from "../principal.ts";
import { findTenant } from "../tenant.ts";
import type { liveTick } from "./live.schema.ts";

type Tick = z.infer<typeof liveTick>;
type TopicName = Tick["topic"];

const TOPICS: readonly TopicName[] = ["portal", "feed", "config", "commands"];
/** At most two ticks a second for each topic of each customer. */
const COALESCE_MS = 500;
/** A sign-in that has ended, or a grant that was taken away, ends the stream within this. */
const RECHECK_MS = 4_000;

/** Slug by tenant id of those whose changes are told. */
export type Audience = ReadonlyMap<string, string>;

/** One customer, or with null every customer the person may see; null for a customer that is not found. */
export async function audience(ctx: SignedInContext, customer: string | null): Promise<Audience | null> {
  if (customer === null) {
    const customers = await grantedCustomers(ctx, "customer:list");
    return new Map(customers.map(({ id, slug }) => [id, slug]));
  }
  const tenant = await findTenant(ctx, customer);
  if (tenant === null || !maySee(ctx.principal, tenant.id)) return null;
  return new Map([[tenant.id, tenant.slug]]);
}

function maySee(principal: Principal, tenantId: string): boolean {
  return grantedPermissions(principal, tenantId).has("customer:list");
}

/**
 * Ticks as the bell rings, until the request ends or the person is signed out.
 *
 * Shape:  a burst of rings is one tick now and one at its end, never more than two a second. `isResumed` begins with
 *         one tick per customer: what rang while nobody listened is not known.
 */
export async function* liveTicks(
  ctx: SignedInContext,
  listening: Audience,
  { signal, isResumed }: { readonly signal: AbortSignal; readonly isResumed: boolean },
): AsyncGenerator<{ readonly id: string; readonly tick: Tick }> {
  const { bell, now } = ctx.services;
  const due = new Map<
    string,
    { readonly topic: TopicName; readonly tenantId: string; readonly at: number }
  >();
  const lastAt = new Map<string, number>();
  const waiting = createWaker(signal);
  const put = (topic: TopicName, tenantId: string) => {
    const key = `${topic}:${tenantId}`;
    if (due.has(key)) return;
    due.set(key, { topic, tenantId, at: Math.max(now(), (lastAt.get(key) ?? 0) + COALESCE_MS) });
    waiting.wake();
  };
  const stops = TOPICS.map((topic) =>
    bell.onRing(`${topic}:`, (rung) => {
      const tenantId = rung.slice(topic.length + 1);
      // Rung with the head alone, the line was down: anything may have changed.
      if (tenantId === "") for (const id of listening.keys()) put(topic, id);
      else if (listening.has(tenantId)) put(topic, tenantId);
    }),
  );
  if (isResumed) for (const id of listening.keys()) put("portal", id);
  let checkedAt = now();
  let number = 0;
  try {
    while (!signal.aborted) {
      if (now() - checkedAt >= RECHECK_MS) {
        if (!(await mayStill(ctx, listening))) return;
        checkedAt = now();
      }
      for (const [key, { topic, tenantId, at }] of due) {
        if (at > now()) continue;
        due.delete(key);
        lastAt.set(key, now());
        number += 1;
        yield {
          id: `${now()}-${number}`,
          tick: { topic, customer: listening.get(tenantId) ?? "", at: new Date(now()) },
        };
      }
      const next = Math.min(checkedAt + RECHECK_MS, ...[...due.values()].map((tick) => tick.at));
      await waiting.sleep(Math.max(0, next - now()));
    }
  } finally {
    for (const stop of stops) stop();
    waiting.stop();
  }
}

/** Whether everything that is listened to may still be seen. */
async function mayStill(ctx: SignedInContext, listening: Audience): Promise<boolean> {
  const principal = await ctx.recheck();
  return principal !== null && [...listening.keys()].every((id) => maySee(principal, id));
}

/** A sleep that ends early when woken or when the request ends. */
function createWaker(signal: AbortSignal) {
  let end: (() => void) | null = null;
  let isWoken = false;
  const wake = () => {
    isWoken = true;
    end?.();
  };
  signal.addEventListener("abort", wake);
  return {
    wake,
    stop: () => signal.removeEventListener("abort", wake),
    async sleep(ms: number): Promise<void> {
      if (!isWoken && !signal.aborted)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          end = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      end = null;
      isWoken = false;
    },
  };
}
