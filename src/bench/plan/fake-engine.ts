/**
 * A fake engine, in a process of its own so that its time and its memory are nobody else's: the API of a synthetic
 * host on a unix socket, read-only, until standard input ends. Says `ready` once it listens.
 * usage: fake-engine.ts SOCKET SETTINGS    (SETTINGS is a FakeEngineSettings, as JSON)
 */
import { createServer } from "node:http";
import { engineAnswers, type FakeEngine } from "./answers.ts";
import { syntheticHost } from "./inventory.ts";

/** What the process is told. */
export interface FakeEngineSettings extends FakeEngine {
  images: number;
  unitBytes: number;
}

const [socket = "", settings = "{}"] = process.argv.slice(2);
const { images, unitBytes, ...engine } = JSON.parse(settings) as FakeEngineSettings;
const answers = engineAnswers(syntheticHost(images, unitBytes), engine);

const server = createServer((request, response) => {
  const [path = ""] = (request.url ?? "").split("?", 1);
  const answer = request.method === "GET" ? answers.get(path) : undefined;
  const body =
    answer ?? Buffer.from(JSON.stringify({ message: `the fake does not know ${request.method} ${path}` }));
  response.writeHead(answer === undefined ? 404 : 200, {
    "content-type": "application/json",
    "content-length": body.length,
  });
  response.end(body);
});
// An engine lets clients keep their connections for as long as they like.
server.keepAliveTimeout = 0;
server.listen(socket, () => process.stdout.write("ready\n"));
process.stdin.resume().once("end", () => process.exit());
