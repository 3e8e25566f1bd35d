export { aDevice, anEntry, aUser } from "./builders.ts";
export { createVolatileMemory } from "./volatile-memory.ts";
