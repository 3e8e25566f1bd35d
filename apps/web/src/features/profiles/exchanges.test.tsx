import { builtInProfiles, previewProfile } from "@rollcall/srx-protocol";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { Exchanges } from "./exchanges.tsx";

describe("how a profile answers", () => {
  it("is shown question beside answer for each built-in one, whole messages, bodies broken up for the eye", () => {
    for (const profile of builtInProfiles) {
      const exchanges = [...previewProfile(profile)];
      const html = renderToStaticMarkup(
        <Exchanges shown={{ description: ["Answers in `x`."], exchanges }} />,
      );
      expect(html.match(/data-testid="exchange"/g)).toHaveLength(exchanges.length);
      expect(html).toContain("HTTP/1.1 200");
      const longest = Math.max(
        ...html
          .replace(/<[^>]+>/g, "\n")
          .split("\n")
          .map((line) => line.length),
      );
      expect([profile.id, longest < 400]).toEqual([profile.id, true]);
    }
  });
});
