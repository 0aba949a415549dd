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

/** An image as the double keeps it: what lists and inspections tell of it. */
export interface EngineImage {
  Id: string;
  RepoTags: string[] | null;
  RepoDigests: string[] | null;
  Labels?: object;
  Size?: number;
  /** Diff IDs. */
  Layers?: string[];
  /** Bytes of the steps of its build, oldest first. */
  History?: number[];
}

/** An event, as the engine words it. */
export interface EngineEvent {
  Type: string;
  Action: string;
  Actor: { ID: string; Attributes: Record<string, string> };
  timeNano: number;
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
  Id?: string;
  Names?: string[];
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
  /** Every request, in full. */
  readonly calls: EngineRequest[] = [];
  /** What the engine remembers, oldest first. */
  readonly events: EngineEvent[] = [];
  services: object[] = [];
  tasks: object[] = [];
  containers: Labelled[] = [];
  networks: Labelled[] = [];
  volumes: Labelled[] = [];
  secrets: Labelled[] = [];
  configs: Labelled[] = [];
  images: EngineImage[] = [];
  /** What the inspection of a container tells beside its ID, by that. */
  inspected: Record<string, object> = {};
  info: Record<string, unknown> = {};
  readonly #routes = new Map<string, Route>();
  readonly #server: Server;
  readonly #streams = new Set<ServerResponse>();

  private constructor(socket: string) {
    this.socket = socket;
    this.docker = new Docker({ socketPath: socket });
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  /** Listens until the test is over. */
  static async listen(): Promise<EngineDouble> {
    const double = new EngineDouble(join(tempFolder(), "engine.sock"));
    await double.start();
    onTestFinished(() => double.stop());
    return double;
  }

  /** Answers again, on the same socket, after it was stopped. */
  async start(): Promise<void> {
    this.#server.listen(this.socket);
    await once(this.#server, "listening");
  }

  /** Goes away: every connection breaks off, and nobody answers any more. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  /** Something happens: it is remembered, and told to whoever listens. */
  emit(event: EngineEvent): void {
    this.events.push(event);
    for (const stream of this.#streams) stream.write(`${JSON.stringify(event)}\n`);
  }

  /** How many listen to the stream of events. */
  get listeners(): number {
    return this.#streams.size;
  }

  /** Closes every stream of events, as an engine does that stops; it goes on answering. */
  endStreams(): void {
    for (const stream of this.#streams) stream.end();
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
    this.calls.push(parsed);
    const kind = `${method} ${path.replace(/^(\/[a-z]+\/)(?!(?:create|json)$).+?(\/json|\/history)?$/, "$1*$2")}`;
    const route = this.#routes.get(`${method} ${path}`) ?? this.#routes.get(kind);
    let answer: EngineAnswer | undefined;
    try {
      answer = route === undefined ? this.#byDefault(kind, parsed, response) : route(parsed, response);
    } catch (thrown) {
      answer = { status: 500, body: { message: String(thrown) } };
    }
    if (answer === undefined) return;
    const { status = 200, body } = answer;
    response.writeHead(status, { "content-type": "application/json" });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  }

  #byDefault(
    kind: string,
    { path, filters, query }: EngineRequest,
    response: ServerResponse,
  ): EngineAnswer | undefined {
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
      case "GET /images/*/json":
        return this.#inspectImage(path.slice("/images/".length, -"/json".length));
      case "GET /images/*/history":
        return this.#history(path.slice("/images/".length, -"/history".length));
      case "GET /containers/*/json":
        return this.#inspectContainer(name);
      case "GET /events":
        return this.#tellEvents(query, response);
      case "DELETE /volumes/*":
        this.volumes = this.volumes.filter((volume) => volume.Name !== name);
        return { status: 204 };
      case "DELETE /secrets/*":
        this.secrets = this.secrets.filter((secret) => (secret as { ID?: string }).ID !== name);
        return { status: 204 };
      case "DELETE /images/*":
        return this.#removeImage(path.slice("/images/".length));
      case "DELETE /containers/*":
        this.containers = this.containers.filter((container) => container.Id !== name);
        return { status: 204 };
      case "POST /build/*":
        return { body: { SpaceReclaimed: 0 } };
      default:
        return { status: 404, body: { message: `the double does not know ${kind}` } };
    }
  }

  #image(name: string): EngineImage | undefined {
    return this.images.find((image) => image.Id === name || namesOf(image).includes(name));
  }

  #inspectImage(name: string): EngineAnswer {
    const image = this.#image(name);
    if (image === undefined) return noSuch("image", name);
    const { Id, RepoTags, RepoDigests, Size = 0, Layers = [] } = image;
    return { body: { Id, RepoTags, RepoDigests, Size, RootFS: { Type: "layers", Layers } } };
  }

  #history(name: string): EngineAnswer {
    const image = this.#image(name);
    if (image === undefined) return noSuch("image", name);
    return { body: (image.History ?? []).map((Size) => ({ Size })).reverse() };
  }

  #inspectContainer(name: string): EngineAnswer {
    const container = this.containers.find(({ Id }) => Id === name);
    if (container === undefined) return noSuch("container", name);
    return { body: { Id: name, Name: container.Names?.[0] ?? `/${name}`, ...this.inspected[name] } };
  }

  /** What is remembered of the span that is asked for; then what happens, unless the span has an end. */
  #tellEvents(query: URLSearchParams, response: ServerResponse): undefined {
    const moment = (name: string, otherwise: number) =>
      Math.round(Number(query.get(name) ?? otherwise) * 1000) * 1e6;
    const [since, until] = [moment("since", 0), moment("until", Number.POSITIVE_INFINITY)];
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    for (const event of this.events)
      if (event.timeNano >= since && event.timeNano <= until) response.write(`${JSON.stringify(event)}\n`);
    if (query.has("until")) {
      response.end();
      return;
    }
    this.#streams.add(response);
    response.once("close", () => this.#streams.delete(response));
  }

  /** By ID an image goes with all its names, if they are of one repository and at most one is a tag. */
  #removeImage(name: string): EngineAnswer {
    const image = this.#image(name);
    if (image === undefined) return noSuch("image", name);
    const names = namesOf(image);
    const repositories = new Set(names.map(repositoryOf));
    if (name === image.Id && (repositories.size > 1 || (image.RepoTags ?? []).length > 1)) {
      const message = `conflict: unable to delete ${name} (must be forced) - image is referenced in multiple repositories`;
      return { status: 409, body: { message } };
    }
    const without = (listed: string[] | null) => (listed ?? []).filter((one) => one !== name);
    const RepoTags = without(image.RepoTags);
    // Without a tag of their repository, digests go too.
    const RepoDigests = RepoTags.length === 0 && repositories.size === 1 ? [] : without(image.RepoDigests);
    const gone = name === image.Id || RepoTags.length + RepoDigests.length === 0;
    this.images = this.images.flatMap((one) => {
      if (one !== image) return [one];
      return gone ? [] : [{ ...one, RepoTags, RepoDigests }];
    });
    return { body: [] };
  }
}

function noSuch(kind: string, name: string): EngineAnswer {
  return { status: 404, body: { message: `No such ${kind}: ${name}` } };
}

function namesOf({ RepoTags, RepoDigests }: EngineImage): string[] {
  return [...(RepoTags ?? []), ...(RepoDigests ?? [])];
}

/** `web` of `web:1` and of `web@sha256:…`. */
function repositoryOf(name: string): string {
  return name.replace(/@.*$/, "").replace(/:[^:/]*$/, "");
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
