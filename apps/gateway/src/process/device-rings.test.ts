import type { Bell, Topic } from "@rollcall/queue";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DeviceRings } from "./device-rings.ts";

/** A bell of one process. */
function aBell() {
  const listeners: { head: string; listener: (topic: string) => void }[] = [];
  const rung: string[] = [];
  const bell: Bell = {
    ring: (topic: Topic) => void rung.push(topic),
    onRing: (head, listener) => {
      listeners.push({ head, listener });
      return () => undefined;
    },
    ready: async () => undefined,
    close: async () => undefined,
  };
  const hear = (topic: string) => {
    for (const { head, listener } of listeners) if (topic.startsWith(head)) listener(topic);
  };
  return { bell, rung, hear };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("rings of the device plane", () => {
  it("reach who waits for that topic, and all of a kind when rings may have been missed", () => {
    const { bell, hear } = aBell();
    const rings = new DeviceRings(bell);
    const heard: string[] = [];
    rings.onTopic("feed:a", () => heard.push("feed:a"));
    rings.onTopic("config:a", () => heard.push("config:a"));
    const stop = rings.onTopic("feed:b", () => heard.push("feed:b"));
    rings.onAny("feed", (tenantId) => heard.push(`any ${tenantId}`));
    hear("feed:a");
    expect(heard.splice(0)).toEqual(["feed:a", "any a"]);
    hear("feed:");
    expect(heard.splice(0)).toEqual(["feed:a", "feed:b", "any null"]);
    stop();
    hear("feed:b");
    expect(heard).toEqual(["any b"]);
  });

  it("tell a customer's pages at most once a second, and never lose the last word", () => {
    const { bell, rung } = aBell();
    const rings = new DeviceRings(bell);
    for (let n = 0; n < 5; n += 1) rings.portal("a");
    rings.portal("b");
    expect(rung.splice(0)).toEqual(["portal:a", "portal:b"]);
    vi.advanceTimersByTime(1000);
    expect(rung.splice(0)).toEqual(["portal:a"]);
    vi.advanceTimersByTime(5000);
    expect(rung).toEqual([]);
    rings.stop();
  });
});
