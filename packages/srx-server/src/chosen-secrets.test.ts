import { createSecretChecks, makeChosenSecretVerifier, makeSecretVerifier } from "@rollcall/pki";
import { expect, test } from "vitest";
import { createPointRegistry } from "./index.ts";
import { aPoint, bearer, startHarness } from "./testing/index.ts";

const CHOSEN = "correct-Horse7!battery";
const POLL = "/user_query/v2/users/endpoints?begintime=0&entry_count=200";

test("strangers who guess a chosen secret from everywhere cost no firewall its answers: they are turned away, and told when to come again", async () => {
  const points = createPointRegistry({ verifySecret: createSecretChecks({ atOnce: 2, waitingMax: 5 }) });
  points.setPoints([
    aPoint({ secrets: [{ id: "chosen", verifier: await makeChosenSecretVerifier(CHOSEN) }] }),
    aPoint({
      id: "point-2",
      clientId: "srx-b",
      secrets: [{ id: "made", verifier: makeSecretVerifier("made") }],
    }),
  ]);
  const harness = await startHarness({ points });
  try {
    const token = await harness.token({ secret: encodeURIComponent(CHOSEN) });
    const guess = (n: number) =>
      harness.ask({
        method: "POST",
        path: "/oauth_token/oauth",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: `client_id=srx-a&client_secret=guess-number-${n}-of-many`,
        from: `127.0.2.${(n % 250) + 1}`,
      });
    const flood = Promise.all(Array.from({ length: 120 }, (_, n) => guess(n)));
    // Meanwhile: who was right before, who has a secret that we made, and who only polls.
    for (let round = 0; round < 5; round += 1) {
      expect(await harness.token({ secret: encodeURIComponent(CHOSEN) })).toMatch(/^[0-9a-f-]{36}$/);
      expect(await harness.token({ clientId: "srx-b", secret: "made" })).toMatch(/^[0-9a-f-]{36}$/);
      expect((await harness.ask({ path: POLL, headers: bearer(token) })).status).toBe(200);
    }
    const answers = await flood;
    expect([...new Set(answers.map(({ status }) => status))].sort()).toEqual([401, 429]);
    for (const { status, headers } of answers) if (status === 429) expect(headers["retry-after"]).toBe("2");
    expect(harness.server.health().counters.failed).toBe(0);
  } finally {
    await harness.stop();
  }
});
