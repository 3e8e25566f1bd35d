export { NdrFault } from "./ndr-fault.ts";
export { NdrReader } from "./ndr-reader.ts";
export { NdrWriter } from "./ndr-writer.ts";
export { uuidBytes, uuidText } from "./uuid.ts";
