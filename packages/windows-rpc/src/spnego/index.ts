export { createNegotiateContext } from "./negotiate-context.ts";
