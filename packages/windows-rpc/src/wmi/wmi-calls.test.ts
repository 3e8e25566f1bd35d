import { describe, expect, it } from "vitest";
import { encodeActivation } from "../dcom/activation.ts";
import { readObjectReference, tcpPortOf } from "../dcom/object-reference.ts";
import { hasFixtures, impacketStub } from "./testing/wmio-dumps.ts";
import {
  encodeExecQuery,
  encodeNext,
  encodeNtlmLogin,
  LEVEL1_LOGIN,
  LEVEL1_LOGIN_CLASS,
} from "./wmi-calls.ts";

/** The chain of calls in impacket's stubs. */
const CAUSALITY = "03020100-0504-0706-0809-0a0b0c0d0e0f";

/** Zeroes what every client chooses as it likes: the flags of ORPCTHIS, referents, and the bytes between values. */
function free(stub: Uint8Array, places: readonly (readonly [number, number])[]): string {
  const copy = Buffer.from(stub);
  for (const [at, length] of [[4, 4] as const, ...places]) copy.fill(0, at, at + length);
  return copy.toString("hex");
}

describe.skipIf(!hasFixtures)("requests, against those of impacket", () => {
  it("activates the object that lets one in", () => {
    const ours = encodeActivation({
      classId: LEVEL1_LOGIN_CLASS,
      interfaceId: LEVEL1_LOGIN.uuid,
      causality: CAUSALITY,
    });
    const places = [
      [68, 4],
      [94, 2],
    ] as const;
    expect(free(ours, places)).toBe(
      free(impacketStub("IActivation RemoteActivation WbemLevel1Login"), places),
    );
  });

  it("logs in to a namespace", () => {
    const places = [
      [32, 4],
      [78, 2],
    ] as const;
    expect(free(encodeNtlmLogin("//./root/cimv2", CAUSALITY), places)).toBe(
      free(impacketStub("IWbemLevel1Login NTLMLogin"), places),
    );
  });

  it("asks a question", () => {
    const places = [
      [32, 4],
      [54, 2],
      [56, 4],
      [154, 2],
    ] as const;
    expect(free(encodeExecQuery("SELECT UserName FROM Win32_ComputerSystem", CAUSALITY), places)).toBe(
      free(impacketStub("IWbemServices ExecQuery"), places),
    );
  });

  it("fetches rows", () => {
    expect(free(encodeNext(1, -1, CAUSALITY), [])).toBe(free(impacketStub("IEnumWbemClassObject Next"), []));
  });
});

describe("references", () => {
  it("takes the port of the first TCP binding, whatever hosts are named", () => {
    expect(
      tcpPortOf([
        { tower: 15, address: "\\\\PC-1[\\pipe\\x]" },
        { tower: 7, address: "PC-1[49156]" },
        { tower: 7, address: "10.0.0.9[49156]" },
      ]),
    ).toBe(49_156);
    expect(tcpPortOf([{ tower: 7, address: "PC-1[99999]" }])).toBeNull();
  });

  it("refuses forms that are never sent for what is asked", () => {
    const handler = Buffer.from(`4d454f5702000000${"00".repeat(80)}`, "hex");
    expect(() => readObjectReference(handler)).toThrow("form 2");
  });
});
