import { describe, expect, it } from "vitest";
import { SecurityFault } from "../auth/security-context.ts";
import {
  AES128,
  AES256,
  ctsDecrypt,
  ctsEncrypt,
  decrypt,
  encrypt,
  nFold,
  stringToKey,
  stringToKeyWith,
} from "./aes-cts.ts";

const G_CLEF = Buffer.from("f09d849e", "hex").toString("utf8");

describe("the ciphers of Kerberos", () => {
  it("folds as RFC 3961 appendix A.1 lists it", () => {
    const vectors: readonly (readonly [string, number, string])[] = [
      ["012345", 8, "be072631276b1955"],
      ["password", 7, "78a07b6caf85fa"],
      ["Rough Consensus, and Running Code", 8, "bb6ed30870b7f0e0"],
      ["password", 21, "59e4a8ca7c0385c3c37b3f6d2000247cb6e6bd5b3e"],
      ["MASSACHVSETTS INSTITVTE OF TECHNOLOGY", 24, "db3b0d8f0b061e603282b308a50841229ad798fab9540c1b"],
      ["Q", 21, "518a54a2 15a8452a 518a54a2 15a8452a 518a54a2 15".replaceAll(" ", "")],
      ["kerberos", 16, "6b65726265726f737b9b5b2b93132b93"],
    ];
    for (const [text, bytes, folded] of vectors)
      expect(nFold(Buffer.from(text), bytes).toString("hex"), text).toBe(folded);
  });

  it("makes keys of passwords as RFC 3962 appendix B lists them", async () => {
    const vectors: readonly (readonly [number, string, string, string, string])[] = [
      [
        1,
        "password",
        "ATHENA.MIT.EDUraeburn",
        "42263c6e89f4fc28b8df68ee09799f15",
        "fe697b52bc0d3ce14432ba036a92e65bbb52280990a2fa27883998d72af30161",
      ],
      [
        2,
        "password",
        "ATHENA.MIT.EDUraeburn",
        "c651bf29e2300ac27fa469d693bdda13",
        "a2e16d16b36069c135d5e9d2e25f896102685618b95914b467c67622225824ff",
      ],
      [
        1200,
        "password",
        "ATHENA.MIT.EDUraeburn",
        "4c01cd46d632d01e6dbe230a01ed642a",
        "55a6ac740ad17b4846941051e1e8b0a7548d93b0ab30a8bc3ff16280382b8c2a",
      ],
      [
        50,
        G_CLEF,
        "EXAMPLE.COMpianist",
        "f149c1f2e154a73452d43e7fe62a56e5",
        "4b6d9839f84406df1f09cc166db4b83c571848b784a3d6bdc346589a3e393f9e",
      ],
    ];
    for (const [iterations, password, salt, short, long] of vectors) {
      const [aes128, aes256] = await Promise.all([
        stringToKeyWith(AES128, password, salt, iterations),
        stringToKeyWith(AES256, password, salt, iterations),
      ]);
      expect([aes128.bytes.toString("hex"), aes256.bytes.toString("hex")]).toEqual([short, long]);
    }
  });

  it("steals cipher text as RFC 3962 appendix B lists it", () => {
    const key = Buffer.from("chicken teriyaki");
    const text = Buffer.from("I would like the General Gau's Chicken, please, and wonton soup.");
    const vectors: readonly (readonly [number, string])[] = [
      [17, "c6353568f2bf8cb4d8a580362da7ff7f97"],
      [31, "fc00783e0efdb2c1d445d4c8eff7ed2297687268d6ecccc0c07b25e25ecfe5"],
      [32, "39312523a78662d5be7fcbcc98ebf5a897687268d6ecccc0c07b25e25ecfe584"],
      [47, "97687268d6ecccc0c07b25e25ecfe584b3fffd940c16a18c1b5549d2f838029e39312523a78662d5be7fcbcc98ebf5"],
      [
        48,
        "97687268d6ecccc0c07b25e25ecfe5849dad8bbb96c4cdc03bc103e1a194bbd839312523a78662d5be7fcbcc98ebf5a8",
      ],
    ];
    for (const [length, cipher] of vectors) {
      const plain = text.subarray(0, length);
      expect(ctsEncrypt(key, plain).toString("hex")).toBe(cipher);
      expect(ctsDecrypt(key, Buffer.from(cipher, "hex"))).toEqual(plain);
    }
  });

  it("decrypts what it encrypted, of every length, and nothing that was changed", async () => {
    const key = await stringToKey(AES256, "x", "y");
    for (let length = 0; length < 70; length += 1) {
      const plain = Buffer.alloc(length, length);
      const cipher = encrypt(key, 7, plain);
      expect(decrypt(key, 7, cipher)).toEqual(plain);
      expect(() => decrypt(key, 8, cipher)).toThrow(SecurityFault);
      const at = length % cipher.length;
      cipher[at] = (cipher[at] ?? 0) ^ 1;
      expect(() => decrypt(key, 7, cipher)).toThrow(SecurityFault);
    }
  });

  it("does not let a key distribution centre choose how cheap guessing is, or how long we are busy", async () => {
    for (const iterations of ["00000001", "ffffffff", "0000", "00000fff"])
      await expect(stringToKey(AES256, "x", "y", Buffer.from(iterations, "hex"))).rejects.toThrow(
        SecurityFault,
      );
    const usual = await stringToKey(AES256, "x", "y", Buffer.from("00001000", "hex"));
    expect(usual).toEqual(await stringToKey(AES256, "x", "y"));
  });
});
