export { type AccountsToMake, accountsOf, type HandoverAccount } from "./accounts.ts";
export type { HandoverFile, HandoverInput, HandoverPack, Opening } from "./handover-input.ts";
export { handoverPack } from "./handover-pack.ts";
export { openingsCsv, openingsOf } from "./openings.ts";
export { quoted } from "./power-shell-text.ts";
