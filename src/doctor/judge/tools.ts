import { list } from "../../check/units.ts";
import { type Finding, ok, problem, unknown, warning } from "../diagnosis.ts";
import type { AbraFound, Asked, EngineFacts, HostFacts, Seen } from "../facts.ts";

/** Variables that change what a deploy pulls, or as whom, without leading it to another engine. */
const aboutPulls = ["DOCKER_AUTH_CONFIG", "DOCKER_CONTENT_TRUST", "DOCKER_DEFAULT_PLATFORM"];

/** Whether `docker` on the host is there, and speaks with the engine that is looked at. */
export function judgeClient(client: HostFacts["client"], engine: Seen<EngineFacts>): Finding {
  if ("unseen" in client)
    return unknown(`the docker client cannot be looked at: ${client.unseen}`, "docker info, on the host");
  if ("unusable" in client.seen)
    return problem(
      `docker cannot be used on the host by the login user: ${client.seen.unusable}`,
      "install the docker client there, and let the login user use it: docker info has to answer",
    );
  const { version, engine: itsEngine, variables } = client.seen;
  if ("unseen" in engine)
    return unknown("with which engine the docker client speaks cannot be told", "docker info, on the host");
  const set = variables.length === 0 ? "" : `; set there: ${list(variables, variables.length)}`;
  if (itsEngine !== engine.seen.id)
    return problem(
      `docker on the host speaks with another engine than the one that is looked at${set}`,
      "on the host: unset DOCKER_HOST and DOCKER_CONTEXT, docker context use default",
    );
  const changing = variables.filter((name) => aboutPulls.includes(name));
  if (changing.length > 0)
    return warning(
      `${version}${set}, which changes what is pulled, or as whom`,
      `unset ${changing.join(" ")}, unless deploys on this host have it too`,
    );
  return ok(`${version}, speaks with this engine${set}`);
}

/** Whether what is to deploy the recipe is there. */
export function judgeDeployer(abra: Seen<AbraFound>, { deployer }: Asked): Finding {
  if (deployer === "stack") return ok("docker stack deploy, as was asked for");
  if ("unseen" in abra)
    return unknown(
      `it cannot be told whether abra is there: ${abra.unseen}`,
      "abra --version, on the host; or --deployer stack",
    );
  const { path, version, known, problems } = abra.seen;
  if (path === null)
    return deployer === "auto"
      ? ok("there is no abra in the login user's PATH: docker stack deploy does it")
      : problem(
          "there is no abra in the login user's PATH",
          "install abra on the host, or use --deployer stack",
        );
  const another = "install another version of abra, or use --deployer stack";
  if (problems.length > 0)
    return problem(`abra ${version ?? path} is not as it has to be: ${problems.join("; ")}`, another);
  if (version === null) return problem(`${path} does not answer like abra`, another);
  if (known === false)
    return warning(`abra ${version}, a version whose commands nobody has seen in use`, another);
  return ok(`abra ${version}`);
}
