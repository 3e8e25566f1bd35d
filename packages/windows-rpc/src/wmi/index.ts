export { isDenied, statusName } from "./status-names.ts";
export { openWmi, WmiFault, type WmiSession, type WmiTarget } from "./wmi-session.ts";
export { readWmiObject, type WmiObject, WmioFault, type WmiValue } from "./wmio-reader.ts";
