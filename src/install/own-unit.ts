import type { Host } from "../host/host.ts";
import { asRoot } from "../host/reboot.ts";
import { ExitCode, Failure } from "../model/failure.ts";
import { unitFolder } from "./resume-unit.ts";

const installScript = `
umask 022
printf %s "$3" > "$1/$2"
systemctl enable "$2"
`;

/** Only a unit that is there can be disabled; gone is as good as removed. */
const removeScript = `
[ -e "$1/$2" ] || exit 0
systemctl disable "$2"
rm -f "$1/$2"
systemctl daemon-reload
`;

/** Installs a unit that starts at the next boot. Throws a Failure (unavailable) when that is refused; nothing is left then. */
export async function installUnit(
  host: Pick<Host, "exec">,
  name: string,
  content: string,
  folder: string = unitFolder,
): Promise<void> {
  const { exitCode, stderr } = await asRoot(host, script(installScript, folder, name, content));
  if (exitCode === 0) return;
  await removeUnit(host, name, folder);
  throw new Failure(ExitCode.unavailable, {
    what: "nothing can be made to go on with the run after a reboot",
    seen: `${name} was not installed: ${stderr}`,
    next: rights,
  });
}

/** Takes a unit away, if it is there. Throws a Failure (unavailable) that says how to do so by hand. */
export async function removeUnit(
  host: Pick<Host, "exec">,
  name: string,
  folder: string = unitFolder,
): Promise<void> {
  const { exitCode, stderr } = await asRoot(host, script(removeScript, folder, name));
  if (exitCode === 0) return;
  throw new Failure(ExitCode.unavailable, {
    what: "the unit that goes on with the run could not be taken away",
    seen: `${name}: ${stderr}`,
    next: `sudo systemctl disable ${name}; sudo rm ${folder}/${name}`,
  });
}

/** Throws a Failure (unavailable) unless units can be installed. Changes nothing. */
export async function requireUnits(host: Pick<Host, "exec">, folder: string = unitFolder): Promise<void> {
  const { exitCode, stderr } = await asRoot(host, script('test -w "$1"; command -v systemctl', folder));
  if (exitCode === 0) return;
  throw new Failure(ExitCode.unavailable, {
    what: "nothing can be made to go on with the run after a reboot",
    seen: `${folder} may not be written, or there is no systemctl: ${stderr}`,
    next: rights,
  });
}

const rights =
  "run pullproof as root, or allow the user `sudo -n`; or run it on another machine, with --docker-host ssh://USER@HOST";

const script = (text: string, ...words: string[]): string[] => ["sh", "-euc", text, "sh", ...words];
