import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import type Docker from "dockerode";
import type { ExecResult } from "./host.ts";

/** Runs a command in a container and waits for its end. */
export async function execIn(
  container: Docker.Container,
  command: string[],
  env: Record<string, string> = {},
): Promise<ExecResult> {
  const exec = await container.exec({
    Cmd: command,
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    AttachStdout: true,
    AttachStderr: true,
  });
  const stream = await exec.start({});
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  container.modem.demuxStream(stream, stdout, stderr);
  const finish = () => {
    stdout.end();
    stderr.end();
  };
  stream.once("end", finish);
  // An engine that goes away closes the stream without an end; asking for the exit code then fails and says so.
  stream.once("close", finish);
  stream.once("error", (thrown) => stdout.destroy(thrown));
  const [out, err] = await Promise.all([text(stdout), text(stderr)]);
  const { ExitCode: exitCode } = await exec.inspect();
  return { exitCode: exitCode ?? -1, stdout: out, stderr: err };
}
