import { describe, expect, it } from "vitest";
import { type RuleId, ruleIds, rules } from "../../../src/audit/rules.ts";
import { rulesIn } from "./findings.ts";

/** Commands by the rule that each breaks. */
const broken: Partial<Record<RuleId, string[]>> = {
  PP101: [
    "docker image prune -a",
    "docker image prune --all=true --force",
    "docker system prune -f --all --volumes",
    "/usr/bin/docker -H ssh://root@host image prune -fa",
    "docker image prune --filter dangling=false",
    "docker image prune -a --filter label!=keep",
    "docker.io system prune -af",
    "$DOCKER image prune -af",
    'curl -X POST --unix-socket /run/docker.sock \'http://x/images/prune?filters={"dangling":["false"]}\'',
  ],
  PP102: ["docker image prune -a --filter until=24h", "docker system prune -af --filter=until=720h"],
  PP103: [
    "docker image prune",
    "docker image prune -f",
    "docker system prune --volumes -f",
    "docker image prune --all=false",
    "curl -XPOST --unix-socket /run/docker.sock http://x/v1.45/images/prune",
    "curl -X POST -H 'label: until dangling false' --unix-socket /run/docker.sock http://x/images/prune",
  ],
  // By the time of building on graphdriver, so the age protects nothing that was pulled.
  PP104: ["docker image prune -f --filter until=24h", "docker system prune -f --filter until=24h"],
  PP105: ["docker image prune -af --filter label=ci", "docker system prune -f --filter label=ci=1"],
  PP201: [
    "docker rmi $(docker images -q)",
    "docker images -aq | xargs docker image rm -f",
    "docker images | awk 'NR>1 {print $3}' | xargs docker rmi",
    "docker images -q --filter dangling=false | xargs docker rmi",
  ],
  PP202: [
    "docker rmi $(docker images -qf dangling=true)",
    "docker images | grep none | awk '{print $3}' | xargs docker rmi",
  ],
  PP203: [
    "docker rmi $(docker images -q app)",
    "docker images -q --filter reference='app/*' | xargs docker rmi",
    "docker images | awk '/app/ {print $3}' | xargs docker rmi",
    "docker rmi $(docker compose images -q)",
  ],
  PP204: ["docker rmi app:1", 'docker image rm "$IMAGE"', "docker image remove -f app"],
  PP205: ["docker stack rm app; docker rmi app:1", "docker compose down && docker rmi app:1"],
  PP301: ["docker compose down --rmi all", "docker-compose -f a.yml down --rmi=all"],
  PP401: ["abra server prune host", "abra app undeploy app --prune", "abra a un -p app"],
  PP402: ["abra server prune -a host"],
  PP501: ["docker builder prune -af", "docker buildx prune --all"],
  PP502: [
    "docker builder prune -f",
    "docker builder prune -af --filter unused-for=24h",
    "docker buildx prune -af --keep-storage 10GB",
  ],
  PP601: ["docker-gc", "docker run --rm -v /run/docker.sock:/run/docker.sock spotify/docker-gc:latest"],
  PP602: ["docuum --threshold '10 GB'", "docker run stephanmisc/docuum --threshold 15GB"],
  PP603: [
    "docker run containrrr/watchtower --cleanup",
    "docker service create -e WATCHTOWER_CLEANUP=true containrrr/watchtower",
  ],
  PP701: [
    "podman image prune -a",
    "podman system reset -f",
    "nerdctl system prune --all",
    "crictl rmi --prune",
    "ctr -n moby images prune --all",
  ],
  PP801: ["rm -rf /var/lib/docker", "sudo rm -fr /var/lib/docker/overlay2/*", "rm -r /var/lib/containerd"],
};

const harmless = [
  "docker container prune -f",
  "docker volume prune -af",
  "docker network prune -f",
  "docker images -q",
  "docker image ls --filter dangling=true",
  "docker compose down --rmi local -v",
  "docker compose down --volumes",
  "docker stack rm app",
  "docker rm $(docker ps -aq)",
  "docker volume rm $(docker images -q)",
  "pullproof prune --apply",
  "git remote prune origin",
  "docuum --threshold 10GB --keep '^app/'",
  "docker run containrrr/watchtower",
  "docker run -e WATCHTOWER_CLEANUP=false containrrr/watchtower",
  "podman image prune",
  "abra app undeploy app",
  "curl --unix-socket /run/docker.sock http://x/images/json",
  "rm -rf /var/lib/docker-backup ./var/lib/docker",
  "dockerd image prune",
  "docker run app system prune -a",
  "docker exec app rails cache:prune --all",
];

describe("a rule", () => {
  it.each(Object.entries(broken).flatMap(([rule, commands]) => commands.map((command) => [rule, command])))(
    "%s is broken by %s",
    (rule, command) => {
      expect(rulesIn("shell", command as string)).toEqual([`${rule} 1`]);
    },
  );

  it.each(harmless)("is not broken by %s", (command) => {
    expect(rulesIn("shell", command)).toEqual([]);
  });

  it("has a command above that breaks it, but for those about waivers", () => {
    expect(ruleIds.filter((id) => broken[id] === undefined)).toEqual(["PP901", "PP902"]);
  });

  it("counts the removal of an image by name for more only where it follows a teardown", () => {
    expect(rulesIn("shell", "docker rmi app:1\ndocker stack rm app\ndocker rmi app:1")).toEqual([
      "PP204 1",
      "PP205 3",
    ]);
    expect(rulesIn("shell", "docker compose up\ndocker rmi app:1")).toEqual(["PP204 2"]);
  });

  it("is no more than a note where nothing goes that a swarm pulled, and names a store where something does", () => {
    for (const id of ruleIds) {
      const { severity, stores } = rules[id];
      if (severity === "error") expect(stores, id).toEqual(["graphdriver", "containerd"]);
    }
    expect(rules.PP103).toMatchObject({ severity: "warning", stores: ["graphdriver"] });
    expect(rules.PP104).toMatchObject({ severity: "warning", stores: ["graphdriver"] });
  });
});
