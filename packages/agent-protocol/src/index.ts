export * from "./canonical-json.ts";
export { type SecretRef, secretRef } from "./config-fields.ts";
export * from "./issues.ts";
export * from "./messages.ts";
export * from "./onboarding-file.ts";
export * from "./onboarding-text.ts";
export * from "./read-message.ts";
export * from "./site-config.ts";
export * from "./windows-config.ts";
