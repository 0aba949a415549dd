import { join } from "node:path";
import { ExitCode, Failure } from "../model/failure.ts";
import { commandLine, type Program, word } from "./units.ts";

/** Where a host's own units lie (systemd.unit(5)). */
export const unitFolder = "/etc/systemd/system";

/** What goes on with a run once its host, which is this machine, has rebooted. */
export interface Resumption {
  /** The run's id. */
  run: string;
  /** The run's folder, absolute. */
  folder: string;
  /** The file without which there is nothing to go on with. */
  state: string;
  /** The working directory: settings and recipes are named from there. */
  cwd: string;
  user: string;
  program: Program;
  /** Variables that the resumed run needs. None may be secret: any user may read a unit. */
  environment: Record<string, string>;
}

/** The longest that what is left of a run may take, in seconds: a deploy and two teardowns, and a wait for the host. */
const limitSeconds = 7200;

/** The name of the unit of a run. Throws for what is no run's id: the name becomes a path of root's. */
export function resumeUnitName(run: string): string {
  if (!/^[\w-]+$/.test(run)) throw new Error(`not the id of a run: ${JSON.stringify(run)}`);
  return `pullproof-resume-${run}.service`;
}

/**
 * The unit, which goes before anything else: systemd itself takes it away, whatever the user may. It ends well with any
 * verdict: that is the report's to tell. Throws a Failure (usage) for a path that a unit cannot name.
 */
export function resumeUnit({ run, folder, state, cwd, user, program, environment }: Resumption): string {
  const name = resumeUnitName(run);
  const files = [join(unitFolder, name), join(unitFolder, "multi-user.target.wants", name)];
  return `[Unit]
Description=Goes on with the pullproof run ${run} after the reboot
Wants=docker.service network-online.target
After=docker.service network-online.target
RequiresMountsFor=${word(folder)}
ConditionPathExists=${literal(state)}

[Service]
Type=oneshot
User=${user}
WorkingDirectory=${literal(cwd)}
${Object.entries(environment)
  .map(([variable, value]) => `Environment=${word(`${variable}=${value}`)}\n`)
  .join("")}ExecStartPre=+/bin/rm -f ${files.join(" ")}
ExecStart=${commandLine([program.node, program.main, "resume", folder])}
SuccessExitStatus=${[ExitCode.fail, ExitCode.inconclusive, ExitCode.tryLater].join(" ")}
Restart=no
TimeoutStartSec=${limitSeconds}

[Install]
WantedBy=multi-user.target
`;
}

/** A path in a setting that knows no quotes, only specifiers and a line's continuation (systemd.syntax(7)). */
function literal(path: string): string {
  if (!/\p{Cc}|[\s\\]$/u.test(path)) return path.replaceAll("%", "%%");
  throw new Failure(ExitCode.usage, {
    what: "a unit of systemd cannot name a folder that the run needs after the reboot",
    seen: JSON.stringify(path),
    next: "run from a folder, and with a --run-dir, without control characters",
  });
}
