export { ClientLab, type KeyPair } from "./client-lab.ts";
export { encodeSldc } from "./encode-sldc.ts";
export { aHeartbeat, anEnumerate, anEventsMessage, eventXml, logonXml } from "./messages.ts";
