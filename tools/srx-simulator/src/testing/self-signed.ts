import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

/**
 * Makes a self-signed certificate for a test: DNS name `firewall.test`, address 127.0.0.1.
 *
 * Node reads certificates but writes none; these few DER structures spare the tests a package and a key in
 * the repository.
 *
 * Source: RFC 5280 section 4.1, RFC 5480.
 */
export function makeSelfSigned(): { certPem: string; keyPem: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = sequence(set(sequence(oid("55 04 03"), der(0x0c, Buffer.from("simulator test")))));
  const ecdsaWithSha256 = sequence(oid("2a 86 48 ce 3d 04 03 02"));
  const day = 24 * 3600_000;
  const altNames = sequence(der(0x82, Buffer.from("firewall.test")), der(0x87, Buffer.from([127, 0, 0, 1])));
  const basicConstraints = sequence(oid("55 1d 13"), der(0x04, sequence(der(0x01, Buffer.from([0xff])))));
  const toBeSigned = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    name,
    sequence(time(Date.now() - day), time(Date.now() + day)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(sequence(oid("55 1d 11"), der(0x04, altNames)), basicConstraints)),
  );
  const signature = sign("sha256", toBeSigned, privateKey);
  const certificate = sequence(
    toBeSigned,
    ecdsaWithSha256,
    der(0x03, Buffer.concat([Buffer.from([0]), signature])),
  );
  const base64 = certificate.toString("base64").replace(/.{64}/g, "$&\n").trimEnd();
  return {
    certPem: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
    keyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function set(...parts: Buffer[]): Buffer {
  return der(0x31, Buffer.concat(parts));
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex.replaceAll(" ", ""), "hex"));
}

function time(atMs: number): Buffer {
  const text = `${new Date(atMs).toISOString().replace(/[-:T]/g, "").slice(2, 14)}Z`;
  return der(0x17, Buffer.from(text));
}
