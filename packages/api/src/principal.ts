import type { Principal } from "./context.ts";
import { type Permission, PRACTICE_ROLES, permissionsOf } from "./permissions.ts";

/** What a person may do at one customer: the union of the grants over it and over all. */
export function grantedPermissions(principal: Principal, customerId: string): ReadonlySet<Permission> {
  const roles = principal.grants
    .filter((grant) => grant.customerId === null || grant.customerId === customerId)
    .map((grant) => grant.role);
  return permissionsOf(roles);
}

/** By a grant over all customers. */
export function mayInPractice(principal: Principal, permission: Permission): boolean {
  return practicePermissions(principal).has(permission);
}

export function practicePermissions(principal: Principal): ReadonlySet<Permission> {
  return permissionsOf(
    principal.grants.filter((grant) => grant.customerId === null).map((grant) => grant.role),
  );
}

/** By any grant, over all customers or over one. */
export function mayAnywhere(principal: Principal, permission: Permission): boolean {
  return permissionsOf(principal.grants.map((grant) => grant.role)).has(permission);
}

/** Somebody of the managed service provider: their changes are shown to the customer as made by the provider. */
export function isPracticeStaff(principal: Principal): boolean {
  return principal.grants.some((grant) => PRACTICE_ROLES.some((role) => role === grant.role));
}
