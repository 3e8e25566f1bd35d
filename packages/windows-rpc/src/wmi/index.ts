export { isDenied, statusName } from "./status-names.ts";
export { readWmiObject, type WmiObject, WmioFault, type WmiValue } from "./wmio-reader.ts";
