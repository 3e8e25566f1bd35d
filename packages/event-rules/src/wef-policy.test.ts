import { describe, expect, it } from "vitest";
import { forwardingSteps, subscriptionManagers } from "./wef-policy.ts";

const AGENT = { host: "agent.corp.example", port: 5986 };
const [ONE, TWO] = [{ sha1: "A".repeat(40) }, { sha1: "B".repeat(40) }];

describe("the group policy of event forwarding", () => {
  it("has one value for each CA whose certificates may forward", () => {
    expect(subscriptionManagers(AGENT, [ONE, TWO])).toEqual([
      `Server=https://agent.corp.example:5986/wsman/SubscriptionManager/WEC,Refresh=60,IssuerCA=${ONE.sha1}`,
      `Server=https://agent.corp.example:5986/wsman/SubscriptionManager/WEC,Refresh=60,IssuerCA=${TWO.sha1}`,
    ]);
  });

  it("writes an IPv6 address as a URL needs it", () => {
    expect(subscriptionManagers({ host: "2001:db8::1", port: 5986 }, [ONE])[0]).toContain(
      "https://[2001:db8::1]:5986/",
    );
  });

  it("comes with the certificates both ways and the right to read the Security log", () => {
    const steps = forwardingSteps(AGENT, [ONE], "/var/lib/rollcall/own-authority.pem");
    expect(steps.flatMap(({ lines }) => lines)).toEqual([
      ...subscriptionManagers(AGENT, [ONE]),
      expect.stringContaining("WinRM"),
      expect.stringContaining("S-1-5-32-573"),
    ]);
    expect(steps[0]?.sentences.join(" ")).toContain("own-authority.pem");
    expect(steps[1]?.sentences.join(" ")).toContain("NETWORK SERVICE");
  });
});
