import { spawn } from "node:child_process";
import type Docker from "dockerode";
import { ExitCode, Failure } from "../model/failure.ts";
import { ensureDockerd } from "./dockerd.ts";
import { hasImage, imageNameFor, importImage, type Log } from "./image.ts";

/** What a lab image is made of. */
export interface LabImageSpec {
  /** A Debian suite; it decides the versions, the Docker engine's among them. */
  suite: string;
  /** Debian packages on top of the essential ones. */
  packages: readonly string[];
  /** Whether the suite may come from a mirror that was left behind: its Release file is taken past its expiry. */
  expired?: true;
  /** Version of an engine that is built from its Go module and put in the place of the suite's own. */
  dockerd?: string;
}

/**
 * The image of the lab's containers. One image serves as the host under test (Docker engine 26.1) and as the
 * hub (Debian's docker-registry); busybox-static is the base of the fixture images.
 */
export const defaultLab: LabImageSpec = {
  suite: "trixie",
  packages: [
    "busybox-static",
    "ca-certificates",
    "docker-cli",
    "docker-registry",
    "docker.io",
    "git",
    "iproute2",
    "iptables",
    "kmod",
    // What the Node of pullproof's own packages is linked against: a lab host runs pullproof as an operator does.
    "libstdc++6",
    "mount",
    // A lab host can stand in for a live one, which is reached like this.
    "openssh-server",
    "procps",
    "socat",
  ],
};

/** Never read in a container, and a third of the size. */
const excludedPaths = [
  "/usr/share/man/*",
  "/usr/share/doc/*",
  "/usr/share/info/*",
  "/usr/share/lintian/*",
  "/usr/share/locale/*",
];

/** The name of the image that `spec` describes; builds nothing. */
export function labImage(spec: LabImageSpec): string {
  return imageNameFor("pullproof/lab", { spec, arguments: mmdebstrapArguments(spec) });
}

/** Builds the image that `spec` describes unless the engine has it. Returns its name. Building needs root or sudo. */
export async function ensureLabImage(docker: Docker, spec: LabImageSpec, log: Log): Promise<string> {
  const name = labImage(spec);
  if (await hasImage(docker, name)) {
    log(`lab image: ${name} is there`);
    return name;
  }
  log(`lab image: building ${name} from Debian ${spec.suite} (about half a minute)`);
  // In a session of its own: when nobody reads its tar any longer it sends SIGHUP to its whole process group.
  const argv = [
    "setsid",
    "--wait",
    "mmdebstrap",
    ...(await engineArguments(spec, log)),
    ...mmdebstrapArguments(spec),
  ];
  if (process.getuid?.() !== 0) argv.unshift("sudo", "--");
  const [command = "", ...rest] = argv;
  const child = spawn(command, rest, { stdio: ["ignore", "pipe", "pipe"] });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    errors = (errors + chunk).slice(-4_000);
  });
  const complete = new Promise<void>((resolve, reject) => {
    const fail = (seen: string) =>
      reject(
        new Failure(ExitCode.unavailable, {
          what: "the lab image could not be built",
          seen,
          next: "see to it that mmdebstrap is installed and Debian's package mirror can be reached, then run ./setup",
        }),
      );
    child.on("error", (error) => fail(error.message));
    child.on("close", (code, signal) => {
      if (code === 0) resolve();
      else fail(`mmdebstrap ended with ${signal ?? `exit code ${code}`}: ${lastLines(errors, 3)}`);
    });
  });
  await importImage(docker, name, child.stdout, ['CMD ["/bin/bash"]'], complete);
  log(`lab image: ${name} is built`);
  return name;
}

/** Not part of the image's name: where the binary lies differs from user to user. */
async function engineArguments({ dockerd }: LabImageSpec, log: Log): Promise<string[]> {
  if (dockerd === undefined) return [];
  const binary = await ensureDockerd(dockerd, log);
  // First on the PATH of a container, before the suite's own in /usr/sbin.
  return [`--customize-hook=copy-in '${binary}' /usr/local/sbin`];
}

function mmdebstrapArguments(spec: LabImageSpec): string[] {
  return [
    "--mode=root",
    "--variant=essential",
    "--quiet",
    `--include=${[...spec.packages].sort().join(",")}`,
    ...excludedPaths.map((path) => `--dpkgopt=path-exclude=${path}`),
    ...(spec.expired ? ['--aptopt=Acquire::Check-Valid-Until "false"'] : []),
    spec.suite,
    "-",
  ];
}

function lastLines(text: string, count: number): string {
  return text.trim().split("\n").slice(-count).join(" | ");
}
