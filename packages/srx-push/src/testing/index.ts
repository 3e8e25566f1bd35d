export { aDevice, anEntry, aUser } from "./builders.ts";
export { promisesOfMemory } from "./memory-conformance.ts";
export { PushLab } from "./push-lab.ts";
export { createVolatileMemory } from "./volatile-memory.ts";
