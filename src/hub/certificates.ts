// @peculiar/x509 loads tsyringe, which refuses to start without this.
import "reflect-metadata";
import { randomBytes } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { HUB_NAMES } from "./names.ts";

/**
 * PEM texts, kept in memory: the certificate authority to trust, and the server's certificate and private
 * key.
 */
export interface Certificates {
  ca: string;
  cert: string;
  key: string;
}

const hour = 3_600_000;
/** A virtual machine's clock may lag behind the controller's. */
const LEAD = hour;
/** Far longer than any run, short enough that a forgotten authority is soon worth nothing. */
const LIFETIME = 48 * hour;

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/**
 * A certificate authority for one run and a server certificate for Docker Hub's names. The authority's
 * private key is forgotten here, so nothing else can ever be signed with it. The extensions are those of RFC
 * 5280 that Go's TLS insists on: names in the SAN (it ignores the common name), CA and keyCertSign on the
 * authority, serverAuth.
 */
export async function createCertificates(now = new Date()): Promise<Certificates> {
  const validity = {
    notBefore: new Date(now.getTime() - LEAD),
    notAfter: new Date(now.getTime() + LIFETIME),
    signingAlgorithm: algorithm,
  };
  const authorityKeys = await generateKeys();
  // The name differs from run to run: a host that trusts two runs' authorities must not confuse them.
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity,
    name: `CN=pullproof lab CA ${randomBytes(4).toString("hex")}`,
    keys: authorityKeys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(authorityKeys.publicKey),
    ],
  });
  const keys = await generateKeys();
  const server = await x509.X509CertificateGenerator.create({
    ...validity,
    subject: `CN=${HUB_NAMES[0]}`,
    issuer: authority.subject,
    publicKey: keys.publicKey,
    signingKey: authorityKeys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(HUB_NAMES.map((value) => ({ type: "dns", value }))),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(authorityKeys.publicKey),
    ],
  });
  const pkcs8 = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return {
    ca: authority.toString("pem"),
    cert: server.toString("pem"),
    key: x509.PemConverter.encode(pkcs8, "PRIVATE KEY"),
  };
}

function generateKeys() {
  return crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}
