import { describe, expect, it } from "vitest";
import { UnknownSenders } from "./unknown-senders.ts";

describe("UnknownSenders", () => {
  it("counts a sender's lines and keeps its first as a sample, escaped", () => {
    const senders = new UnknownSenders();
    senders.note("10.0.0.9", "udp", Buffer.from("first\u001b[31m\n"), 1000);
    senders.note("10.0.0.9", "udp", Buffer.from("second"), 2000);
    expect(senders.list()).toEqual([
      { sender: "10.0.0.9", transport: "udp", lines: 2, lastAt: 2000, sample: "first\\u{1b}[31m" },
    ]);
  });

  it("holds fifty whatever flood of forged senders comes, counts every line, and keeps a busy one", () => {
    const senders = new UnknownSenders();
    for (let line = 0; line < 10; line += 1) senders.note("192.0.2.1", "udp", Buffer.from("real"), line);
    for (let index = 0; index < 100_000; index += 1) {
      senders.note(
        `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
        "udp",
        Buffer.from("forged"),
        index,
      );
    }
    expect(senders.lines).toBe(100_010);
    expect(senders.list()).toHaveLength(50);
    expect(senders.list()[0]).toMatchObject({ sender: "192.0.2.1", lines: 10 });
  });

  it("forgets a sender that is listed by now", () => {
    const senders = new UnknownSenders();
    senders.note("10.0.0.9", "udp", Buffer.from("x"), 1);
    senders.note("10.0.0.8", "tcp", Buffer.from("y"), 1);
    senders.forget((sender, transport) => sender === "10.0.0.9" && transport === "udp");
    expect(senders.list().map(({ sender }) => sender)).toEqual(["10.0.0.8"]);
  });
});
