/** Commands, by tool, that deploy, or that bring or remove images, as their first words. */
const deploying: Record<string, readonly string[]> = {
  abra: ["app deploy", "app upgrade", "app rollback", "app undeploy", "app new"],
  docker: [
    "stack deploy",
    "stack up",
    "stack rm",
    "service create",
    "service update",
    "service rollback",
    "pull",
    "image pull",
    "run",
    "build",
    "image build",
    "buildx build",
    "compose up",
    "compose pull",
    "system prune",
    "image prune",
  ],
  "docker-compose": ["up", "pull", "compose up", "compose pull"],
};

/** Options that have a value of their own as the next word, before a command of docker or of docker compose. */
const withValue = new Set([
  "-H",
  "--host",
  "-c",
  "--context",
  "--config",
  "-l",
  "--log-level",
  "--tlscacert",
  "--tlscert",
  "--tlskey",
  "-f",
  "--file",
  "-p",
  "--project-name",
  "--env-file",
  "--profile",
  "--project-directory",
]);

/** The command that a process's words stand for, where it is one of those: `docker stack deploy`; else null. */
export function deployWords([program = "", ...words]: readonly string[]): string | null {
  const tool = program.replace(/^.*\//, "");
  const commands = Object.hasOwn(deploying, tool) ? (deploying[tool] ?? []) : [];
  const said = commandWords(words).join(" ");
  const found = commands.find((command) => `${said} `.startsWith(`${command} `));
  return found === undefined ? null : `${tool} ${found}`;
}

/** The first two words that are neither options nor the values of such. */
function commandWords(words: readonly string[]): string[] {
  const found: string[] = [];
  for (let index = 0; index < words.length && found.length < 2; index += 1) {
    const word = words[index] ?? "";
    if (!word.startsWith("-")) found.push(word);
    else if (withValue.has(word)) index += 1;
  }
  return found;
}
