export type { WindowsEvent } from "./windows-event.ts";
