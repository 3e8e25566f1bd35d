import { promisesOfMemory } from "./memory-conformance.ts";
import { createVolatileMemory } from "./volatile-memory.ts";

promisesOfMemory("a memory in memory", async () => {
  const memories = new Map<string, ReturnType<typeof createVolatileMemory>>();
  const memoryOf = (id: string) => {
    const memory = memories.get(id) ?? createVolatileMemory();
    memories.set(id, memory);
    return memory;
  };
  return { memoryOf, reopened: async () => memoryOf };
});
