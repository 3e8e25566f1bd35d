export type { HeardComputer } from "./computer-list.ts";
export type { ServerIdentity } from "./https-listener.ts";
export { issuersIn } from "./subscription.ts";
export type { WefConfig } from "./wef-config.ts";
export { createWefReceiver, type WefReceiver, type WefReceiverOptions } from "./wef-receiver.ts";
export { readXml } from "./xml-tree.ts";
