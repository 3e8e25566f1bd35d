import { describe, expect, it } from "vitest";
import { NdrFault, NdrReader, NdrWriter, uuidBytes, uuidText } from "./index.ts";

describe("the encoding of calls", () => {
  it("aligns each number to its own size from the start of the stub", () => {
    const stub = new NdrWriter().u8(1).u16(2).u8(3).u32(4).u8(5).u64(6n).done();
    expect(stub.toString("hex")).toBe("01000200" + "03000000" + "04000000" + "05000000" + "0600000000000000");
    const reader = new NdrReader(stub);
    expect([reader.u8(), reader.u16(), reader.u8(), reader.u32(), reader.u8(), reader.u64()]).toEqual([
      1,
      2,
      3,
      4,
      5,
      6n,
    ]);
    expect(reader.left).toBe(0);
  });

  it("writes strings with three counts and their end, and reads them without it", () => {
    const stub = new NdrWriter().optionalText("Säc").optionalText(null).done();
    expect(stub.toString("hex")).toBe(
      "00000200" + "040000000000000004000000" + "5300e40063000000" + "00000000",
    );
    const reader = new NdrReader(stub);
    expect([reader.optionalText(), reader.optionalText()]).toEqual(["Säc", null]);
  });

  it("grows without losing what was written before", () => {
    const writer = new NdrWriter();
    for (let i = 0; i < 1_000; i += 1) writer.u8(1).u32(i);
    const reader = new NdrReader(writer.done());
    for (let i = 0; i < 1_000; i += 1) expect([reader.u8(), reader.u32()]).toEqual([1, i]);
  });

  it("believes no count that has not as many bytes behind it", () => {
    const hex = (text: string) => new NdrReader(Buffer.from(text, "hex"));
    expect(() => hex("ffffffff00000000").byteArray()).toThrow(NdrFault);
    expect(() => hex("ffffffff00000000ffffff7f4100").text()).toThrow(NdrFault);
    expect(() => hex("01000000000000000200000041004200").text()).toThrow(/contradict/);
    expect(() => hex("05000000").count(1, 4)).toThrow(/at most 4/);
    expect(() => hex("010203").u32()).toThrow(NdrFault);
  });

  it("has UUIDs in Windows' order of bytes", () => {
    const uuid = "e1af8308-5d1f-11c9-91a4-08002b14a0fa";
    expect(uuidBytes(uuid).toString("hex")).toBe("0883afe11f5dc91191a408002b14a0fa");
    expect(uuidText(uuidBytes(uuid.toUpperCase()))).toBe(uuid);
    expect(() => uuidBytes("e1af8308")).toThrow(RangeError);
  });
});
