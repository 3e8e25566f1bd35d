import { describe, expect, it } from "vitest";
import { CONFIG_LEVEL, configForLevel } from "./config-level.ts";
import { siteConfig } from "./site-config.ts";

const config = siteConfig.parse({
  addressSpaces: [{ id: "default", name: "Default" }],
  settings: {
    detection: { mode: "on", suggestAccountsUntil: 1, exemptGroups: ["Helpdesk"] },
    eventRulesOff: ["event:4769"],
  },
  hostMarks: [{ id: "rds", under: "OU=RDS,DC=corp,DC=example" }],
  wefReceiver: {
    id: "wef",
    name: "WEF",
    addressSpaceId: "default",
    host: "agent1.corp.example",
    clientCaPem: "-----BEGIN CERTIFICATE-----",
    rulesOn: ["event:4778", "event:4779"],
  },
  eventSources: [
    {
      id: "dc1",
      name: "DC1",
      kind: "domain-controller",
      host: "dc1.corp.example",
      credentialId: "reader",
      addressSpaceId: "default",
      rulesOff: ["event:4776"],
      rulesOn: ["event:4769"],
      shares: ["Home"],
    },
  ],
  credentials: [
    { id: "reader", name: "Reader", user: "reader@corp.example", password: { file: "password" } },
  ],
  pcProbe: { addressSpaceId: "default", credentialIds: ["reader"], include: ["10.0.0.0/8"] },
});

describe("a configuration for an agent that knows fewer fields", () => {
  it("leaves out what came after it, and nothing else", () => {
    const { hostMarks: _marks, settings: all, ...rest } = config;
    const { eventRulesOff: _off, ...settings } = all;
    const { wefReceiver, pcProbe, eventSources } = config;
    const { onEventWithoutUser: _on, ...probe } = pcProbe ?? {};
    expect(configForLevel(config, 1)).toEqual({
      ...rest,
      settings: {
        ...settings,
        detection: {
          mode: "on",
          suggestServiceAccountAt: 10,
          suppressServiceAccountAt: 25,
          multiUserAt: 3,
          natAt: 5,
          exempt: [],
        },
      },
      // What is off for the whole customer is off at each source of an agent that does not know of that.
      wefReceiver: { ...wefReceiver, rulesOff: ["event:4769"], rulesOn: ["event:4778"] },
      eventSources: eventSources.map(({ shares: _shares, ...source }) => ({
        ...source,
        rulesOff: ["event:4769", "event:4776"],
        rulesOn: [],
      })),
      pcProbe: probe,
    });
  });

  it("is whole for one that knows them all", () => {
    expect(configForLevel(config, CONFIG_LEVEL)).toEqual(config);
  });
});
