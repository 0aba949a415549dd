import { describe, expect, it } from "vitest";
import { excerptOf } from "../../../src/audit/excerpt.ts";

describe("an excerpt", () => {
  it.each([
    "PASSWORD=hunter2 docker image prune -af",
    'docker_password: "hunter2"',
    "curl -H 'Authorization: Bearer hunter2' -X POST http://x/images/prune",
    "curl -u admin:hunter2 -X POST http://x/images/prune",
    "docker login -u me -p hunter2 && docker image prune -af",
    "docker login --password hunter2 && docker image prune -af",
    "docker -H tcp://me:hunter2@host image prune -af",
    "sshpass -p hunter2 ssh host docker image prune -af",
    "API_TOKEN='hunter2' docker image prune -af",
    "registry_secret => 'hunter2',",
  ])("shows no credentials: %s", (line) => {
    expect(excerptOf(line)).not.toContain("hunter2");
    expect(excerptOf(line)).toContain("***");
  });

  it("knows tokens by their looks", () => {
    const token = `ghp_${"a1".repeat(18)}`;
    expect(excerptOf(`git clone x ${token}; docker image prune -af`)).toBe(
      "git clone x ***; docker image prune -af",
    );
  });

  it("leaves commands as they are", () => {
    for (const line of [
      'docker image prune -af --filter "until=24h"',
      "docker rmi $(docker images -q)",
      'client.images.prune(filters={"dangling": False})',
    ])
      expect(excerptOf(`  ${line}`)).toBe(line);
  });

  it("is 200 characters long at most", () => {
    const long = excerptOf(`docker image prune -af ${"x".repeat(500)}`);
    expect(long).toHaveLength(200);
    expect(long).toMatch(/^docker image prune -af x+…$/);
  });
});
