import { once } from "node:events";
import { rm } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { Socket } from "node:net";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";
import { type Answer, registryError } from "./answer.ts";
import type { Certificates } from "./certificates.ts";
import { type Clock, systemClock } from "./clock.ts";
import { deliver } from "./deliver.ts";
import type { Exchange } from "./exchange.ts";
import type { Down, Fault } from "./faults.ts";
import { InFlight } from "./in-flight.ts";
import { Ledger, type LedgerEntry } from "./ledger.ts";
import { type Budgets, Limits } from "./limits.ts";
import { MediaIndex } from "./media.ts";
import { answerRegistry } from "./registry-endpoint.ts";
import { isDigest, parseTarget, type Target } from "./target.ts";
import { Throttle } from "./throttle.ts";
import { type Account, answerToken } from "./token-endpoint.ts";
import { Tokens } from "./tokens.ts";
import { Upstream } from "./upstream.ts";

/** How the hub behaves towards its clients. */
export interface FrontSettings {
  accounts: readonly Account[];
  /** Whether tokens are given to clients without credentials. */
  anonymous: "allowed" | "refused";
  limits: Budgets;
  /** The rate of the one line that all connections share; null for unlimited. */
  bytesPerSecond: number | null;
}

export interface FrontOptions {
  /** The unix socket to serve HTTPS on. A stale file of that name is removed. */
  socketPath: string;
  /** The unix socket of the registry that stores the images. It need not listen yet. */
  upstreamSocketPath: string;
  tls: Pick<Certificates, "cert" | "key">;
  settings: FrontSettings;
  /** The file in which the ledger is kept as well; a front that is started again on it goes on from there. */
  ledgerPath?: string;
  clock?: Clock;
}

/** A running front: Docker Hub, as far as an engine that pulls can tell. */
export interface Front {
  readonly ledger: Ledger;
  /** Resolves when every request that has reached the front is in the ledger. */
  idle(): Promise<void>;
  /** The entries of requests that are not answered in full yet. */
  underway(): readonly Readonly<LedgerEntry>[];
  /** Replaces all faults; they strike requests that arrive from now on. */
  setFaults(faults: readonly (Fault | Down)[]): void;
  /**
   * Applies to bodies on their way, too. Throws a RangeError unless the rate is positive, or null for
   * unlimited.
   */
  setBandwidth(bytesPerSecond: number | null): void;
  /** Pulls that were made before still count. */
  setLimits(limits: Budgets): void;
  /** Cuts every connection and removes the socket. The ledger stays. */
  close(): Promise<void>;
}

/**
 * Longer than the 90 s for which Go's clients keep an idle connection, so that they are the ones to close it.
 */
const KEEP_ALIVE_MS = 120_000;

/**
 * Starts the front. A plain Node server and not a framework: the ledger must hold every request and the exact
 * bytes of every body, so nothing may answer, buffer or drop a request before it.
 * @throws Failure when the socket cannot be listened on
 */
export async function startFront(options: FrontOptions): Promise<Front> {
  const { socketPath, settings, clock = systemClock } = options;
  const ledger = new Ledger(options.ledgerPath);
  const tokens = new Tokens(clock);
  const limits = new Limits(settings.limits, clock);
  for (const { counted, account, wall } of ledger.since(0))
    if (counted) limits.made(account, Date.now() - Date.parse(wall));
  const throttle = new Throttle(settings.bytesPerSecond, clock);
  const upstream = new Upstream(options.upstreamSocketPath);
  const inFlight = new InFlight<LedgerEntry>();
  let faults: readonly Fault[] = [];
  let down: Down | undefined;

  const tokenEndpoint = { ...settings, tokens, faults: () => faults };
  const registryEndpoint = { tokens, limits, faults: () => faults, media: new MediaIndex(), upstream };

  async function answer(exchange: Exchange): Promise<Answer> {
    const { host, endpoint, registry } = exchange.target;
    if (host === null) return registryError(421, "UNSUPPORTED", "this host is not served here");
    if (host === "auth.docker.io" && endpoint === "token") return answerToken(tokenEndpoint, exchange);
    if ((host === "registry-1.docker.io" || host === "index.docker.io") && registry)
      return answerRegistry(registryEndpoint, exchange);
    return registryError(404, "UNSUPPORTED", "nothing is served here");
  }

  async function respond(response: ServerResponse, exchange: Exchange): Promise<void> {
    try {
      await deliver(response, await answer(exchange), throttle, exchange);
    } catch (error) {
      await apologize(response, error, throttle, exchange);
    }
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    const closed = new Promise<void>((resolve) => response.once("close", resolve)).then(() => gone.abort());
    const target = parseTarget(request.headers.host, request.url ?? "");
    const entry = newEntry(ledger.arrive(), request, target, clock.now());
    inFlight.enter(entry);
    const exchange: Exchange = { request, target, gone: gone.signal, entry };
    if (down === undefined) await respond(response, exchange);
    else {
      entry.fault = down.id;
      response.destroy();
    }
    await closed;
    entry.end = clock.now();
    entry.complete = response.writableFinished;
    ledger.append(entry);
    inFlight.leave(entry);
  }

  const server = createServer({
    cert: options.tls.cert,
    key: options.tls.key,
    keepAliveTimeout: KEEP_ALIVE_MS,
  });
  server.on("request", (request, response) => void serve(request, response));
  const sockets = trackSockets(server);
  await rm(socketPath, { force: true });
  await listen(server, socketPath);

  async function shutDown(): Promise<void> {
    const ended = once(server, "close");
    server.close();
    for (const socket of sockets) socket.destroy();
    await ended;
    await inFlight.idle();
    ledger.close();
    await upstream.close();
    await rm(socketPath, { force: true });
  }

  let closing: Promise<void> | undefined;
  return {
    ledger,
    idle: () => inFlight.idle(),
    underway: () => inFlight.items(),
    setFaults: (next) => {
      down = next.find((fault) => fault.kind === "down");
      faults = next.filter((fault) => fault.kind !== "down");
    },
    setBandwidth: (bytesPerSecond) => throttle.set(bytesPerSecond),
    setLimits: (next) => limits.set(next),
    close: () => {
      closing ??= shutDown();
      return closing;
    },
  };
}

/**
 * Ends an exchange that failed. The reason goes to the client, whose error message ends up in the evidence;
 * once the headers are out the connection is all that is left to cut.
 */
async function apologize(
  response: ServerResponse,
  error: unknown,
  throttle: Throttle,
  exchange: Exchange,
): Promise<void> {
  if (response.headersSent || exchange.gone.aborted) {
    response.destroy();
    return;
  }
  const answer = registryError(500, "UNKNOWN", `the hub failed: ${messageOf(error)}`);
  await deliver(response, answer, throttle, exchange).catch(() => response.destroy());
}

function newEntry(n: number, request: IncomingMessage, target: Target, start: number): LedgerEntry {
  return {
    n,
    wall: new Date().toISOString(),
    start,
    end: start,
    account: null,
    credentials: "none",
    endpoint: target.endpoint === "tags" ? "other" : target.endpoint,
    method: request.method ?? "",
    repository: target.repository,
    reference: target.reference,
    digest: target.reference !== null && isDigest(target.reference) ? target.reference : null,
    status: 0,
    bytes: 0,
    media: "none",
    complete: false,
    counted: false,
    fault: null,
    userAgent: request.headers["user-agent"] ?? "",
  };
}

/**
 * Every open connection, those included that have not finished their TLS handshake, which the server forgets.
 */
function trackSockets(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  return sockets;
}

async function listen(server: Server, socketPath: string): Promise<void> {
  try {
    server.listen(socketPath);
    await once(server, "listening");
  } catch (error) {
    throw new Failure(ExitCode.unavailable, {
      what: "the hub's front cannot listen on its socket",
      seen: `${socketPath}: ${messageOf(error)}`,
      next: "choose a run directory that exists, is writable and has a short path (sockets take 107 bytes)",
      cause: error,
    });
  }
}
