export {
  asAdministrator,
  type SeededTenant,
  seedEveryTable,
  seedTenant,
  type TenantSeed,
} from "./a-tenant.ts";
export { aLogoff, aLogon, ip, someFacts, TestAgent } from "./builders.ts";
