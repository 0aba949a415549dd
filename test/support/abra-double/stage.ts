import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type AbraBinary, localAbra } from "../../../src/deploy/abra-binary.ts";
import { EngineDouble, stackLabel } from "../engine-double.ts";
import { HostDouble, runHere } from "../host-double.ts";
import { tempFolder, writeScript } from "../temp.ts";
import { abraDouble } from "./double.ts";
import { readSwarm, removeFrom, type Swarm } from "./swarm.ts";

/** A host without an engine, on which the double of abra truly runs, with a double of docker in its PATH. */
export interface DoubleStage {
  host: HostDouble;
  binary: AbraBinary;
  /** What there is in the swarm by now. */
  swarm(): Swarm;
}

const dockerDouble = fileURLToPath(new URL("docker-double", import.meta.url));

/** Opens one; gone when the test is over. `local` is a copy of the double that was told something. */
export async function stageOfDoubles(local = abraDouble): Promise<DoubleStage> {
  const folder = tempFolder();
  const state = join(folder, "swarm");
  mkdirSync(state);
  writeScript(join(folder, "bin/docker"), `exec '${dockerDouble}' "$@"`);
  const engine = await engineOf(state);
  const host: HostDouble = new HostDouble(engine.docker).answer(({ command, env }) => {
    const here = (word: string) => (word.startsWith(host.folder) ? host.path(word) : word);
    const { ABRA_DIR = "/nowhere" } = env;
    const own = { PATH: `${folder}/bin:/usr/bin:/bin`, HOME: folder, DOCKER_DOUBLE: state };
    return runHere(command.map(here), { ...own, ...env, ABRA_DIR: here(ABRA_DIR) });
  });
  return { host, binary: localAbra(local), swarm: () => readSwarm(state) };
}

/** An engine's API that shows the swarm whose lists lie in the folder `state`. */
async function engineOf(state: string): Promise<EngineDouble> {
  const engine = await EngineDouble.listen();
  const shows = (path: string, objects: (swarm: Swarm) => (typeof engine.volumes)[number][]) =>
    engine.on(`GET ${path}`, ({ filters }) => {
      const wanted = filters.label?.[0]?.split("=")[1];
      const body = objects(readSwarm(state)).filter(
        ({ Labels }) => wanted === undefined || Object.values(Labels ?? {}).includes(wanted),
      );
      return { body: path === "/volumes" ? { Volumes: body } : body };
    });
  shows("/services", ({ services }) =>
    services.map(({ stack, name, image, update }) => ({
      ID: name,
      Labels: stackLabel(stack),
      Spec: { Name: name, Mode: {}, TaskTemplate: { ContainerSpec: { Image: image } } },
      UpdateStatus: update === null ? null : { State: update, Message: "said by the double" },
    })),
  );
  shows("/tasks", ({ services }) =>
    services.map(({ stack, name, image, up }) => ({
      ID: name,
      Labels: stackLabel(stack),
      ServiceID: name,
      DesiredState: "running",
      Status: { State: up ? "running" : "starting", ContainerStatus: { ContainerID: name } },
      Spec: { ContainerSpec: { Image: image } },
    })),
  );
  shows("/containers/json", ({ services }) =>
    services.map(({ stack, name }) => ({ Id: name, Names: [name], Labels: stackLabel(stack) })),
  );
  engine.on("GET /containers/*/json", ({ path }) => ({ body: { Image: `of ${path.split("/")[2]}` } }));
  shows("/volumes", ({ volumes }) =>
    volumes.map(({ stack, name }) => ({ Name: name, Labels: stackLabel(stack) })),
  );
  engine.on("GET /secrets", () => ({
    body: readSwarm(state).secrets.map(({ name }) => ({ ID: name, Spec: { Name: name } })),
  }));
  for (const list of ["volumes", "secrets"] as const) {
    engine.on(`DELETE /${list}/*`, ({ path }) => {
      removeFrom(state, list, path.split("/")[2] ?? "");
      return { status: 204 };
    });
  }
  return engine;
}
