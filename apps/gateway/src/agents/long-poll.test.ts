import { describe, expect, it } from "vitest";
import { countOf, type WaitBell, waitFor, waitMsOf } from "./long-poll.ts";

function aBell(): WaitBell & { ring(): void; readonly listeners: number } {
  const heard = new Set<() => void>();
  return {
    onTopic: (_topic, listener) => {
      heard.add(listener);
      return () => heard.delete(listener);
    },
    ring: () => {
      for (const listener of [...heard]) listener();
    },
    get listeners() {
      return heard.size;
    },
  };
}

const hour = 3_600_000;
const never = new AbortController().signal;

describe("a wait", () => {
  it("is over at once when there is something to find, also when no wait was asked for", async () => {
    const bell = aBell();
    const found = await waitFor({
      bell,
      topic: "t",
      look: async () => 1,
      waitMs: 0,
      pollMs: hour,
      signal: never,
    });
    expect([found, bell.listeners]).toEqual([1, 0]);
  });

  it("does not miss a ring that comes while it looks", async () => {
    const bell = aBell();
    let looks = 0;
    const look = async () => {
      looks += 1;
      if (looks === 1) bell.ring();
      return looks === 2 ? "found" : null;
    };
    expect(await waitFor({ bell, topic: "t", look, waitMs: hour, pollMs: hour, signal: never })).toBe(
      "found",
    );
    expect(bell.listeners).toBe(0);
  });

  it("ends when the peer goes away, and leaves no listener behind", async () => {
    const bell = aBell();
    const gone = new AbortController();
    let looks = 0;
    const look = async () => {
      looks += 1;
      if (looks === 1) setImmediate(() => gone.abort());
      return null;
    };
    expect(
      await waitFor({ bell, topic: "t", look, waitMs: hour, pollMs: hour, signal: gone.signal }),
    ).toBeNull();
    expect([bell.listeners, looks]).toEqual([0, 1]);
  });

  it("looks again by itself when a ring was lost", async () => {
    let looks = 0;
    const look = async () => {
      looks += 1;
      return looks === 3 ? looks : null;
    };
    expect(await waitFor({ bell: aBell(), topic: "t", look, waitMs: hour, pollMs: 1, signal: never })).toBe(
      3,
    );
  });

  it("leaves no listener behind when looking fails", async () => {
    const bell = aBell();
    const look = () => Promise.reject(new Error("no database"));
    await expect(waitFor({ bell, topic: "t", look, waitMs: 1, pollMs: 1, signal: never })).rejects.toThrow(
      "no database",
    );
    expect(bell.listeners).toBe(0);
  });
});

describe("the numbers of a query", () => {
  it("are held to what makes sense: nonsense waits not at all and nobody waits for ever", () => {
    const wait = (text: string) => waitMsOf(new URLSearchParams(text));
    expect(["wait=20", "wait=9999", "wait=-1", "wait=x", "wait=Infinity", ""].map(wait)).toEqual([
      20_000, 60_000, 0, 0, 0, 0,
    ]);
    const count = (text: string) => countOf(new URLSearchParams(text), "have");
    expect(["have=7", "have=0", "have=-1", "have=1.5", "have=1e3", "have=", ""].map(count)).toEqual([
      7,
      0,
      null,
      null,
      null,
      null,
      null,
    ]);
  });
});
