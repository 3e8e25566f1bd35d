export * from "./messages.ts";
export * from "./onboarding-file.ts";
export * from "./site-config.ts";
