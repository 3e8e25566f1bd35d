import { afterEach, describe, expect, it } from "vitest";
import { PushLab } from "./testing/push-lab.ts";

let lab: PushLab;
afterEach(async () => {
  await lab?.stop();
  expect(lab?.complaints).toEqual([]);
});

function begin(turn: number): PushLab {
  lab = new PushLab({ turn });
  lab.postsAlone = false;
  return lab;
}

/** As the agent posted it whose turn it was before. */
function anotherTold(ip: string, user: string): void {
  lab.api.table.apply({
    operation: "logon",
    source: "Rollcall",
    at: Date.parse("2026-01-05T08:00:00Z"),
    domain: "corp.example",
    roles: [],
    posture: null,
    device: null,
    ip,
    user,
  });
}

describe("a firewall that another agent posted to before", () => {
  it("is told of ends that happened meanwhile, and of ends that come later of people told by the other", async () => {
    begin(2);
    anotherTold("10.0.0.1", "ana");
    anotherTold("10.0.0.2", "ben");
    lab.put({ ip: "10.0.0.1" });
    lab.start();
    await lab.pass(3000);
    expect(Object.keys(lab.held())).toEqual(["10.0.0.2"]);
    lab.put({ ip: "10.0.0.2" });
    await lab.pass(3000);
    expect(lab.held()).toEqual({});
    anotherTold("10.0.0.3", "cid");
    await lab.restart();
    lab.put({ ip: "10.0.0.3" });
    await lab.pass(3000);
    expect(lab.held()).toEqual({});
  });

  it("is told everything and every end when it is the first one's turn again, however short it was not", async () => {
    begin(1).start();
    lab.change("10.0.0.1", "ana");
    lab.change("10.0.0.2", "ben");
    await lab.pass(2000);
    await lab.stop();
    lab.api.table.clear();
    anotherTold("10.0.0.2", "ben");
    anotherTold("10.0.0.3", "cid");
    lab.change("10.0.0.2", null);
    lab.put({ ip: "10.0.0.3" });
    await lab.restart({ turn: 3 });
    await lab.pass(3000);
    expect(Object.keys(lab.held())).toEqual(["10.0.0.1"]);
    const before = lab.api.posts.length;
    await lab.restart({ turn: 3 });
    await lab.pass(3000);
    expect(lab.api.posts.length, "in the same turn it goes on where it was").toBe(before);
  });

  it("is told of no ends that it cannot know while it is the first one's turn", async () => {
    begin(1).start();
    await lab.pass(2000);
    lab.put({ ip: "10.0.0.9" });
    await lab.pass(2000);
    expect(lab.api.posts).toEqual([]);
  });
});
