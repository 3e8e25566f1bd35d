export { anOnboardingFile } from "./onboarding.ts";
export { temporaryKeys } from "./temporary-keys.ts";
