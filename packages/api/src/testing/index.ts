export * from "./installation.ts";
export * from "./reports.ts";
