export { FakeEntrySource } from "./fake-entry-source.ts";
