import { freePort } from "@rollcall/testkit";
import { describe, expect, it } from "vitest";
import { createDatabase, DatabaseUnavailableError } from "./database.ts";

describe("a database that does not answer", () => {
  it("is named by its address and the reason, without its password", async () => {
    const port = await freePort();
    const database = createDatabase({ url: `postgresql://rollcall_app:hunter2@127.0.0.1:${port}/rollcall` });
    const error = await database.ping().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DatabaseUnavailableError);
    expect(String(error)).toContain(`127.0.0.1:${port}: connect ECONNREFUSED`);
    expect(String(error)).not.toContain("hunter2");
    await database.close();
  });
});
