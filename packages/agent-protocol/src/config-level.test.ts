import { describe, expect, it } from "vitest";
import { CONFIG_LEVEL, configForLevel } from "./config-level.ts";
import { siteConfig } from "./site-config.ts";

const config = siteConfig.parse({
  addressSpaces: [{ id: "default", name: "Default" }],
  settings: { detection: { mode: "on", suggestAccountsUntil: 1, exemptGroups: ["Helpdesk"] } },
  hostMarks: [{ id: "rds", under: "OU=RDS,DC=corp,DC=example" }],
  wefReceiver: {
    id: "wef",
    name: "WEF",
    addressSpaceId: "default",
    host: "agent1.corp.example",
    clientCaPem: "-----BEGIN CERTIFICATE-----",
    rulesOn: ["event:4778", "event:4779"],
  },
});

describe("a configuration for an agent that knows fewer fields", () => {
  it("leaves out what came after it, and nothing else", () => {
    const { hostMarks: _marks, ...rest } = config;
    const { wefReceiver } = config;
    expect(configForLevel(config, 1)).toEqual({
      ...rest,
      settings: {
        ...config.settings,
        detection: {
          mode: "on",
          suggestServiceAccountAt: 10,
          suppressServiceAccountAt: 25,
          multiUserAt: 3,
          natAt: 5,
          exempt: [],
        },
      },
      wefReceiver: { ...wefReceiver, rulesOn: ["event:4778"] },
    });
  });

  it("is whole for one that knows them all", () => {
    expect(configForLevel(config, CONFIG_LEVEL)).toEqual(config);
  });
});
