export {
  asAdministrator,
  type SeededTenant,
  seedEveryTable,
  seedTenant,
  type TenantSeed,
} from "./a-tenant.ts";
