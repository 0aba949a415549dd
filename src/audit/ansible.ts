import type { Node, YAMLMap } from "yaml";
import { type Invocation, invocation } from "./model.ts";
import { pairsOf, stringOf } from "./yaml-nodes.ts";

/** Ansible's spellings of true: https://docs.ansible.com/ansible/latest/reference_appendices/YAMLSyntax.html */
const isTrue = (text: string | null): boolean => /^(true|yes|on|1|y)$/i.test(text ?? "");

/** What a module of the community.docker collection, with its arguments, amounts to; null for one that removes no image. */
function commandOf(module: string, args: unknown): string[] | null {
  const pairs = pairsOf(args);
  const of = (key: string) => pairs.find((pair) => pair.key === key)?.value;
  const absent = stringOf(of("state")) === "absent";
  switch (module.slice(module.lastIndexOf(".") + 1)) {
    case "docker_prune":
      return pruneCommand(
        isTrue(stringOf(of("images"))),
        isTrue(stringOf(of("builder_cache"))),
        of("images_filters"),
        of("builder_cache_all"),
      );
    case "docker_image":
      return absent ? ["docker", "rmi", stringOf(of("name")) ?? "$IMAGE"] : null;
    case "docker_image_remove":
      return ["docker", "rmi", stringOf(of("name")) ?? "$IMAGE"];
    case "docker_compose":
    case "docker_compose_v2":
      return absent && stringOf(of("remove_images")) === "all"
        ? ["docker", "compose", "down", "--rmi", "all"]
        : null;
    default:
      return null;
  }
}

function pruneCommand(images: boolean, cache: boolean, filters: unknown, all: unknown): string[] | null {
  if (images) {
    const given = pairsOf(filters).flatMap(({ key, value }) => [
      "--filter",
      `${key}=${stringOf(value) ?? ""}`,
    ]);
    return [
      "docker",
      "image",
      "prune",
      ...given.map((word) => word.replace(/^dangling=(no|off|false)$/i, "dangling=false")),
    ];
  }
  return cache ? ["docker", "builder", "prune", ...(isTrue(stringOf(all)) ? ["-a"] : [])] : null;
}

/** The commands that a task of a playbook amounts to, where its module is one of Docker's. */
export function ansibleTask(task: YAMLMap, lineOf: (node: Node) => number): Invocation[] {
  return task.items.flatMap(({ key, value }) => {
    const module = stringOf(key);
    const words = module === null ? null : commandOf(module, value);
    return words === null ? [] : [invocation(words, lineOf(key as Node))];
  });
}
