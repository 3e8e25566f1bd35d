import { describe, expect, it } from "vitest";
import { dumpNames, hasFixtures, readDump } from "./testing/wmio-dumps.ts";
import { readWmiObject, WmioFault } from "./wmio-reader.ts";

describe.skipIf(!hasFixtures)("objects of real servers", () => {
  it("reads an instance with a number, strings, a default of its class and an array, as its MOF has them", () => {
    const object = readWmiObject(readDump("wmio_instance_encoding"));
    expect(object).toMatchObject({
      kind: "instance",
      className: "MyClass",
      server: "DPRAVAT-DEV",
      namespace: "ROOT",
    });
    expect(Object.fromEntries(object.properties)).toEqual({
      Id: 123,
      Data1: "StringField",
      Data2: "defaultValue",
      Array: [1, 2, 3],
    });
  });

  it("reads classes with methods, with the class above and the defaults", () => {
    const object = readWmiObject(readDump("wmio_class_encoding_with_methods"));
    expect(object).toMatchObject({ kind: "class", className: "MyClass2", superClass: "MyClass" });
    expect(object.properties.get("Data2")).toBe("defaultValue");
    const startup = readWmiObject(readDump("wmio_win32_process_startup"));
    expect(startup.properties.get("YSize")).toBe(4_294_967_295);
  });

  it("reads a class of Windows with 45 properties, in its order", () => {
    const object = readWmiObject(readDump("wmio_win32_process"));
    expect(object).toMatchObject({
      className: "Win32_Process",
      superClass: "CIM_Process",
      namespace: "ROOT\\cimv2",
    });
    expect([...object.properties.keys()].slice(0, 4)).toEqual([
      "Caption",
      "Description",
      "InstallDate",
      "Name",
    ]);
    expect(object.properties.size).toBe(45);
  });

  it("refuses an object that is cut off anywhere", () => {
    for (const name of dumpNames()) {
      const whole = readDump(name);
      const step = Math.max(1, Math.floor(whole.length / 400));
      for (let length = 0; length < whole.length; length += step)
        expect(() => readWmiObject(whole.subarray(0, length)), `${name} cut at ${length}`).toThrow(WmioFault);
    }
  });
});

it("refuses what is not of this encoding", () => {
  expect(() => readWmiObject(new Uint8Array())).toThrow(WmioFault);
  expect(() => readWmiObject(Buffer.from("GIF89a...........", "latin1"))).toThrow("no signature");
});
