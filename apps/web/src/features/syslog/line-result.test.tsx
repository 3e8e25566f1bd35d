import { compileSequences } from "@rollcall/syslog-rules";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { LineResult } from "./line-result.tsx";

const outcome = compileSequences([
  {
    id: "a",
    ordinal: 1,
    kind: "begin",
    trigger: "login",
    patterns: [
      { attribute: "user", pattern: "user=(\\S+)", returnCount: 1, normalise: "none", optional: false },
      { attribute: "ip", pattern: "ip=(\\S+)", returnCount: 1, normalise: "none", optional: false },
    ],
    matchSourceIp: false,
    positiveSamples: [],
    negativeSamples: [],
  },
]);
if (outcome.kind === "refused") throw new Error("the rule of this test does not compile");
const { rules } = outcome;
const render = (line: string) =>
  renderToStaticMarkup(<LineResult result={rules.match(line, { senderIp: null })} />);
const textOf = (html: string) => html.replace(/<[^>]*>/g, "");

describe("a line under the rules", () => {
  it("names each capture in words, not only by colour", () => {
    const html = render("login user=jane ip=10.1.2.3");
    expect(html).toContain(">user<");
    expect(html).toContain(">address<");
    expect(textOf(html)).toContain("Rule 1: begins a session");
  });

  it("says why a line that is meant cannot be used", () => {
    expect(textOf(render("login user=jane ip=nowhere"))).toMatch(/Meant, but not usable.*nowhere/);
  });

  it("says that no rule means a line", () => {
    expect(textOf(render("logout"))).toContain("No rule");
  });

  it("loses no character of the line", () => {
    expect(textOf(render("login user=<b>jane</b> ip=10.1.2.3"))).toContain("login user=");
    expect(render("login user=<script> ip=10.1.2.3")).not.toContain("<script>");
  });
});
