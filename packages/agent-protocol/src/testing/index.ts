export { aBatch, aHealthReport, anObservation, aPrincipal, aSiteConfig } from "./messages.ts";
