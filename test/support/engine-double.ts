import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";
import Docker from "dockerode";
import { onTestFinished } from "vitest";
import { tempFolder } from "./temp.ts";

/** What the engine answers to one request. */
export interface EngineAnswer {
  status?: number;
  body?: unknown;
}

export interface EngineRequest {
  method: string;
  /** Without version and query: `/services`. */
  path: string;
  query: URLSearchParams;
  /** The filters that the query carries. */
  filters: Record<string, string[]>;
  body: unknown;
}

/** Answers a request, or leaves it to the open connection: then the response is the route's to end. */
type Route = (request: EngineRequest, response: ServerResponse) => EngineAnswer | undefined;

/** Labels of an object, wherever the engine's API puts them. */
interface Labelled {
  Labels?: Record<string, string>;
  Spec?: object;
  Name?: string;
  State?: string;
}

/**
 * Stands in for a Docker engine: its HTTP API on a unix socket, with lists of objects that a test fills, and
 * answers that a test may replace. It filters lists by label and, for secrets, by the beginning of the name, and
 * leaves out containers that have ended unless it is asked for all, as the engine does.
 */
export class EngineDouble {
  readonly docker: Docker;
  readonly socket: string;
  /** Every request, as `GET /services`. */
  readonly requests: string[] = [];
  services: Labelled[] = [];
  tasks: Labelled[] = [];
  containers: Labelled[] = [];
  networks: Labelled[] = [];
  volumes: Labelled[] = [];
  secrets: Labelled[] = [];
  configs: Labelled[] = [];
  images: { Id: string; RepoTags: string[] | null; RepoDigests: string[] | null; Labels?: object }[] = [];
  info: Record<string, unknown> = {};
  readonly #routes = new Map<string, Route>();
  readonly #server: Server;

  private constructor(socket: string) {
    this.socket = socket;
    this.docker = new Docker({ socketPath: socket });
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  /** Listens until the test is over. */
  static async listen(): Promise<EngineDouble> {
    const double = new EngineDouble(join(tempFolder(), "engine.sock"));
    double.#server.listen(double.socket);
    await once(double.#server, "listening");
    onTestFinished(async () => {
      const closed = once(double.#server, "close");
      double.#server.close();
      double.#server.closeAllConnections();
      await closed;
    });
    return double;
  }

  /** Replaces the answer to `GET /services` or `DELETE /volumes/*`. */
  on(what: string, route: Route): void {
    this.#routes.set(what, route);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "" } = request;
    const { pathname, searchParams } = new URL(url, "http://engine");
    const path = decodeURIComponent(pathname.replace(/^\/v[\d.]+(?=\/)/, ""));
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    this.requests.push(`${method} ${path}`);
    const parsed: EngineRequest = {
      method,
      path,
      query: searchParams,
      filters: JSON.parse(searchParams.get("filters") ?? "{}"),
      body: text === "" ? undefined : JSON.parse(text),
    };
    const kind = `${method} ${path.replace(/^(\/[a-z]+\/)(?!(?:create|json)$).+?(\/json)?$/, "$1*$2")}`;
    const route = this.#routes.get(`${method} ${path}`) ?? this.#routes.get(kind);
    let answer: EngineAnswer | undefined;
    try {
      answer = route === undefined ? this.#byDefault(kind, parsed) : route(parsed, response);
    } catch (thrown) {
      answer = { status: 500, body: { message: String(thrown) } };
    }
    if (answer === undefined) return;
    const { status = 200, body } = answer;
    response.writeHead(status, { "content-type": "application/json" });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  }

  #byDefault(kind: string, { path, filters, query }: EngineRequest): EngineAnswer {
    const all = ["true", "1"].includes(query.get("all") ?? "");
    const name = path.split("/")[2] ?? "";
    switch (kind) {
      case "GET /_ping":
        return { body: "OK" };
      case "GET /info":
        return { body: this.info };
      case "GET /services":
        return { body: accepted(this.services, filters) };
      case "GET /tasks":
        return { body: accepted(this.tasks, filters) };
      case "GET /containers/json":
        return { body: accepted(this.containers, filters).filter((one) => all || one.State !== "exited") };
      case "GET /networks":
        return { body: accepted(this.networks, filters) };
      case "GET /volumes":
        return { body: { Volumes: accepted(this.volumes, filters) } };
      case "GET /secrets":
        return { body: accepted(this.secrets, filters) };
      case "GET /configs":
        return { body: accepted(this.configs, filters) };
      case "GET /images/json":
        return { body: this.images };
      case "DELETE /volumes/*":
        this.volumes = this.volumes.filter((volume) => volume.Name !== name);
        return { status: 204 };
      case "DELETE /secrets/*":
        this.secrets = this.secrets.filter((secret) => (secret as { ID?: string }).ID !== name);
        return { status: 204 };
      case "DELETE /images/*":
        this.images = this.images.filter((image) => image.Id !== name);
        return { body: [] };
      default:
        return { status: 404, body: { message: `the double does not know ${kind}` } };
    }
  }
}

function accepted(
  objects: Labelled[],
  { label = [], name = [], ...rest }: Record<string, string[]>,
): Labelled[] {
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw new Error(`the double does not know the filter ${unknown}`);
  return objects.filter((object) => {
    const spec: Labelled = object.Spec ?? {};
    const labels = object.Labels ?? spec.Labels ?? {};
    const own = object.Name ?? spec.Name ?? "";
    return (
      label.every((wanted) => Object.entries(labels).some(([key, value]) => `${key}=${value}` === wanted)) &&
      name.every((beginning) => own.startsWith(beginning))
    );
  });
}

/** What `docker stack deploy` puts on everything that belongs to a stack. */
export const stackLabel = (stack: string): Record<string, string> => ({
  "com.docker.stack.namespace": stack,
});
