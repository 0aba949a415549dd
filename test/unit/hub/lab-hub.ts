import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Certificates, createCertificates } from "../../../src/hub/certificates.ts";
import type { Clock } from "../../../src/hub/clock.ts";
import { type Front, type FrontSettings, startFront } from "../../../src/hub/front.ts";
import type { LedgerEntry } from "../../../src/hub/ledger.ts";
import { RegistryDouble } from "./registry-double.ts";

export interface Ask {
  host?: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  signal?: AbortSignal;
}

export interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
  /** Whether the body came whole. */
  whole: boolean;
}

export const alice = { name: "alice", pat: "dckr_pat_alice" };
export const bob = { name: "bob", pat: "dckr_pat_bob" };

/** A front and the double of its upstream in a folder of their own, and a client that trusts it. */
export class LabHub {
  readonly certificates: Certificates;
  readonly socketPath: string;
  readonly upstream: RegistryDouble;
  front: Front;
  readonly #folder: string;
  readonly #startFront: () => Promise<Front>;

  private constructor(
    parts: Pick<LabHub, "certificates" | "socketPath" | "upstream" | "front">,
    folder: string,
    startFront: () => Promise<Front>,
  ) {
    this.#startFront = startFront;
    this.certificates = parts.certificates;
    this.socketPath = parts.socketPath;
    this.upstream = parts.upstream;
    this.front = parts.front;
    this.#folder = folder;
  }

  static async start(settings: Partial<FrontSettings> = {}, clock?: Clock): Promise<LabHub> {
    const folder = await mkdtemp(join(tmpdir(), "hub-"));
    const socketPath = join(folder, "front.sock");
    const upstreamSocketPath = join(folder, "registry.sock");
    const upstream = await RegistryDouble.listen(upstreamSocketPath);
    const certificates = await createCertificates();
    const start = () =>
      startFront({
        socketPath,
        upstreamSocketPath,
        tls: certificates,
        settings: {
          accounts: [alice, bob],
          anonymous: "allowed",
          limits: { account: null, anonymous: null },
          bytesPerSecond: null,
          ...settings,
        },
        ledgerPath: join(folder, "ledger.jsonl"),
        ...(clock !== undefined && { clock }),
      });
    return new LabHub({ certificates, socketPath, upstream, front: await start() }, folder, start);
  }

  /** Starts another front in place of this one, as the next process does. */
  async restart(): Promise<void> {
    await this.front.close();
    this.front = await this.#startFront();
  }

  async stop(): Promise<void> {
    await this.front.close();
    await this.upstream.close();
    await rm(this.#folder, { recursive: true });
  }

  /** Resolves with the reply, cut short or not; rejects when there is none. */
  ask(
    path: string,
    { host = "registry-1.docker.io", method = "GET", headers, body, signal }: Ask = {},
  ): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const { socketPath, certificates } = this;
      const options = {
        socketPath,
        path,
        method,
        ca: certificates.ca,
        servername: host,
        agent: false,
      } as const;
      const sent = request(
        { ...options, headers: { host, ...headers }, ...(signal && { signal }) },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", () => {});
          response.once("close", () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: Buffer.concat(chunks),
              whole: response.complete,
            }),
          );
        },
      );
      sent.once("error", reject);
      sent.end(body);
    });
  }

  /** A token for pulling from a repository, asked for as the classic engine does. */
  async token(repository: string, account: typeof alice | null = alice): Promise<string> {
    const reply = await this.ask(`/token?service=registry.docker.io&scope=repository:${repository}:pull`, {
      host: "auth.docker.io",
      headers: account === null ? {} : { authorization: basic(account) },
    });
    return JSON.parse(reply.body.toString()).token;
  }

  /** Asks with a fresh token of an account, or an anonymous one. */
  async pull(
    repository: string,
    rest: string,
    ask: Ask & { account?: typeof alice | null } = {},
  ): Promise<Reply> {
    const token = await this.token(repository, ask.account);
    return this.ask(`/v2/${repository}/${rest}`, {
      ...ask,
      headers: { authorization: `Bearer ${token}`, ...ask.headers },
    });
  }

  /** The ledger, once nothing is in flight, by arrival; token requests left out. */
  async entries(): Promise<LedgerEntry[]> {
    const all = await this.all();
    return all.filter((entry) => entry.endpoint !== "token");
  }

  async all(): Promise<LedgerEntry[]> {
    await this.front.idle();
    return this.front.ledger.since(0).toSorted((a, b) => a.n - b.n);
  }
}

export function basic({ name, pat }: typeof alice): string {
  return `Basic ${Buffer.from(`${name}:${pat}`).toString("base64")}`;
}
