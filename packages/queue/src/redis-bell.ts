import type { Bell } from "./bell.ts";
import { createBellListeners, createCoalescingSender } from "./bell-listeners.ts";
import { connectRedis } from "./redis-connection.ts";

/** One channel for all topics: a publish reaches every node of a cluster in any case. */
const CHANNEL = "{rollcall}:bell";

export function createRedisBell(redisUrl: string, onFault: (error: unknown) => void): Bell {
  const listeners = createBellListeners(onFault);
  const publisher = connectRedis(redisUrl, onFault);
  const subscriber = connectRedis(redisUrl, onFault);
  const sender = createCoalescingSender(async (topic) => {
    await publisher.publish(CHANNEL, topic);
  }, onFault);
  subscriber.on("message", (_channel: string, topic: string) => listeners.hear(topic));
  const subscribed = subscriber.subscribe(CHANNEL).then(() => {
    // From now on "ready" means that the line was lost. Only when it listens again has nothing more been missed.
    subscriber.on("ready", () => {
      subscriber.subscribe(CHANNEL).then(() => listeners.hearAll(), onFault);
    });
  });
  subscribed.catch(onFault);
  let closed: Promise<void> | null = null;
  return {
    ring: (topic) => sender.ring(topic),
    onRing: (head, listener) => listeners.add(head, listener),
    ready: () => subscribed,
    close() {
      closed ??= (async () => {
        if (publisher.status === "ready") await sender.drained();
        publisher.disconnect();
        subscriber.disconnect();
      })();
      return closed;
    },
  };
}
