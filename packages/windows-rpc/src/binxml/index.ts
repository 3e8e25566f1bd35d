export { BinXmlFault } from "./binxml-fault.ts";
export { DecodedEvent } from "./decoded-event.ts";
export { createEventReader, type EventReader, RECORD_BYTES_MAX, type ReadEvent } from "./event-reader.ts";
