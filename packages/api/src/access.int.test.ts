import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Grant } from "./context.ts";
import { PERMISSIONS, ROLE_PERMISSIONS, ROLES, type Role } from "./permissions.ts";
import {
  createInstallation,
  type TestInstallation,
  type TestPractice,
  tenantIdOf,
} from "./testing/installation.ts";
import { callByPath, type ListedProcedure, listProcedures } from "./testing/procedures.ts";
import { SAMPLE_INPUTS, thingsOfNobody } from "./testing/sample-inputs.ts";

const procedures = listProcedures();

describe("the list of procedures", () => {
  it("is what a security reviewer has read: each with its permission, its scope and who may call it", async () => {
    const lines = procedures.map(({ path, type, permission, scope }) => {
      const roles = permission === "signed-in" ? ["everybody signed in"] : rolesWith(permission);
      return `| ${path} | ${type} | ${permission} | ${scope} | ${roles.join(", ")} |`;
    });
    const table = ["| procedure | kind | permission | scope | roles |", "|---|---|---|---|---|", ...lines];
    await expect(`${table.join("\n")}\n`).toMatchFileSnapshot("goldens/access.md");
  });

  it("declares an output for each: what is not declared does not leave", () => {
    expect(procedures.filter((procedure) => !procedure.hasOutput)).toEqual([]);
  });

  it("has a sample input for each, so that none is left out below", () => {
    expect(Object.keys(SAMPLE_INPUTS).sort()).toEqual(procedures.map(({ path }) => path).sort());
  });

  it("uses every permission that roles are given, but those that a procedure asks for within", () => {
    const used = new Set(procedures.map(({ permission }) => permission));
    const within = ["source:lines"];
    expect(
      Object.keys(PERMISSIONS).filter((name) => !used.has(name as never) && !within.includes(name)),
    ).toEqual([]);
  });
});

describe("each role at each procedure", () => {
  let installation: TestInstallation;
  let practice: TestPractice;
  let customerId = "";
  let otherCustomerId = "";

  beforeAll(async () => {
    installation = await createInstallation();
    practice = await installation.aPractice();
    await practice.api.customers.add({ name: "Meridian", slug: "meridian" });
    await practice.api.customers.add({ name: "Orchard", slug: "orchard" });
    customerId = await tenantIdOf(installation, practice.id, "meridian");
    otherCustomerId = await tenantIdOf(installation, practice.id, "orchard");
  });
  afterAll(() => installation?.close());

  /** The code of a call with ids of nobody: FORBIDDEN and UNAUTHORIZED are the walls, all else is inside. */
  async function codeFor(procedure: ListedProcedure, grants: readonly Grant[] | null): Promise<string> {
    const principal = grants === null ? null : await practice.principal(...grants);
    const services = { ...installation.services, stopping: AbortSignal.abort() };
    const input = SAMPLE_INPUTS[procedure.path]?.(thingsOfNobody("meridian"));
    return (await callByPath(installation.as(principal, { services }), procedure.path, input)).code;
  }

  it("lets nobody in who is not signed in", async () => {
    for (const procedure of procedures)
      expect([procedure.path, await codeFor(procedure, null)]).toEqual([procedure.path, "UNAUTHORIZED"]);
  });

  for (const role of ROLES) {
    it(`as ${role} over all customers: what the table gives and nothing else`, async () => {
      for (const procedure of procedures) {
        const code = await codeFor(procedure, [{ role, customerId: null }]);
        expect([procedure.path, code === "FORBIDDEN"]).toEqual([procedure.path, !isGiven(role, procedure)]);
        expect(["UNAUTHORIZED", "INTERNAL_SERVER_ERROR", "BAD_REQUEST"]).not.toContain(code);
      }
    });

    it(`as ${role} of this customer: the same within it, and nothing of the practice`, async () => {
      for (const procedure of procedures) {
        const code = await codeFor(procedure, [{ role, customerId }]);
        const isAllowed = isGiven(role, procedure) && procedure.scope !== "practice";
        expect([procedure.path, code === "FORBIDDEN"]).toEqual([procedure.path, !isAllowed]);
      }
    });

    it(`as ${role} of another customer: this one does not exist`, async () => {
      for (const procedure of procedures.filter(({ scope }) => scope === "tenant")) {
        const code = await codeFor(procedure, [{ role, customerId: otherCustomerId }]);
        expect([procedure.path, code]).toEqual([procedure.path, "NOT_FOUND"]);
      }
    });
  }

  it("gives nothing for a role that nobody has defined", async () => {
    for (const procedure of procedures.filter(({ scope }) => scope !== "self"))
      expect(["FORBIDDEN", "NOT_FOUND"]).toContain(
        await codeFor(procedure, [{ role: "superuser", customerId: null }]),
      );
  });
});

function isGiven(role: Role, { permission }: ListedProcedure): boolean {
  return permission === "signed-in" || ROLE_PERMISSIONS[role].includes(permission);
}

function rolesWith(permission: ListedProcedure["permission"]): string[] {
  return ROLES.filter((role) => permission !== "signed-in" && ROLE_PERMISSIONS[role].includes(permission));
}
