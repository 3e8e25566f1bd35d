export { type SealedMessage, type SecurityContext, SecurityFault } from "./security-context.ts";
