import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createServer, type TLSSocket } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { createCertificates } from "../../../src/hub/certificates.ts";

const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";

/**
 * Connects as a client that trusts `ca` alone and expects `name`; rejects when the certificate does not
 * convince it.
 */
async function handshake(
  certificates: { cert: string; key: string },
  ca: string,
  name: string,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "tls-"));
  const server = createServer({ cert: certificates.cert, key: certificates.key });
  onTestFinished(async () => {
    server.close();
    await rm(folder, { recursive: true });
  });
  const path = join(folder, "s");
  server.listen(path);
  await once(server, "listening");
  const client: TLSSocket = connect({ path, ca, servername: name });
  try {
    await once(client, "secureConnect");
  } finally {
    client.destroy();
  }
}

test.each(["registry-1.docker.io", "auth.docker.io", "index.docker.io", "docker.io"])(
  "a client that trusts the run's authority accepts the server as %s",
  async (name) => {
    const certificates = await createCertificates();
    await expect(handshake(certificates, certificates.ca, name)).resolves.toBeUndefined();
  },
);

test("no other name is certified", async () => {
  const certificates = await createCertificates();
  await expect(handshake(certificates, certificates.ca, "example.org")).rejects.toMatchObject({
    code: "ERR_TLS_CERT_ALTNAME_INVALID",
  });
});

test("the authority of another run is not trusted, and goes by another name", async () => {
  const [one, other] = await Promise.all([createCertificates(), createCertificates()]);
  await expect(handshake(one, other.ca, "docker.io")).rejects.toThrow();
  expect(new X509Certificate(one.ca).subject).not.toBe(new X509Certificate(other.ca).subject);
});

test("the authority may sign and nothing else; the server may serve and not sign", async () => {
  const certificates = await createCertificates();
  const authority = new X509Certificate(certificates.ca);
  const server = new X509Certificate(certificates.cert);
  expect(authority.ca).toBe(true);
  expect(authority.verify(authority.publicKey)).toBe(true);
  expect(server.ca).toBe(false);
  expect(server.keyUsage).toEqual([SERVER_AUTH]);
  expect(server.checkIssued(authority)).toBe(true);
});

test("both are valid from before now, for days at most", async () => {
  const now = new Date("2030-01-02T03:04:05Z");
  const { ca, cert } = await createCertificates(now);
  for (const pem of [ca, cert]) {
    const { validFromDate, validToDate } = new X509Certificate(pem);
    expect(validFromDate.getTime()).toBeLessThan(now.getTime());
    expect(validToDate.getTime()).toBeGreaterThan(now.getTime());
    expect(validToDate.getTime() - now.getTime()).toBeLessThan(7 * 86_400_000);
  }
});
