export interface BellListeners {
  add(head: string, listener: (topic: string) => void): () => void;
  hear(topic: string): void;
  /** After a time of deafness: everybody looks. */
  hearAll(): void;
}

export function createBellListeners(onFault: (error: unknown) => void): BellListeners {
  const listeners = new Set<{ head: string; listener: (topic: string) => void }>();
  const call = (listener: (topic: string) => void, topic: string) => {
    try {
      listener(topic);
    } catch (error) {
      onFault(error);
    }
  };
  return {
    add(head, listener) {
      const entry = { head, listener };
      listeners.add(entry);
      return () => void listeners.delete(entry);
    },
    hear(topic) {
      for (const { head, listener } of [...listeners]) if (topic.startsWith(head)) call(listener, topic);
    },
    hearAll() {
      for (const { head, listener } of [...listeners]) call(listener, head);
    },
  };
}

/** Sends each topic at most once at a time; what rings meanwhile is sent once more afterwards. */
export function createCoalescingSender(
  send: (topic: string) => Promise<void>,
  onFault: (error: unknown) => void,
) {
  const inFlight = new Map<string, { again: boolean }>();
  const idle = new Set<() => void>();
  async function run(topic: string, state: { again: boolean }): Promise<void> {
    do {
      state.again = false;
      try {
        await send(topic);
      } catch (error) {
        onFault(error);
      }
    } while (state.again);
    inFlight.delete(topic);
    if (inFlight.size === 0) for (const wake of idle) wake();
  }
  return {
    ring(topic: string): void {
      const state = inFlight.get(topic);
      if (state) {
        state.again = true;
        return;
      }
      const fresh = { again: false };
      inFlight.set(topic, fresh);
      void run(topic, fresh);
    },
    /** Resolves when nothing is being sent. */
    async drained(): Promise<void> {
      if (inFlight.size === 0) return;
      await new Promise<void>((resolve) => {
        const wake = () => {
          idle.delete(wake);
          resolve();
        };
        idle.add(wake);
      });
    },
  };
}
