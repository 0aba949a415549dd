import { createConnection } from "node:net";
import { join } from "node:path";
import { EngineDouble, stackLabel } from "./engine-double.ts";
import { sshClient } from "./ssh-client.ts";
import { SshServerDouble } from "./ssh-server.ts";
import { tempFolder, writeTree } from "./temp.ts";

/**
 * Stands in for a live host that OpenSSH's own client reaches: commands are run by this machine's shell, but for Docker's
 * client and systemctl, and its engine is a double with one service of a stack.
 */
export class LiveMachineDouble {
  /** As what the client knows it. */
  static readonly name = "machine";
  readonly server: SshServerDouble;
  readonly engine: EngineDouble;
  /** Command lines for Docker's client and systemctl. */
  readonly told: string[] = [];
  /** How often it was rebooted, which is its boot id; it is up again at once. */
  boot = 0;
  /** The PATH with the client that reaches it. */
  readonly path: string;

  private constructor(server: SshServerDouble, engine: EngineDouble) {
    this.server = server;
    this.engine = engine;
    const { privateKey, hostKey, socketPath } = server.target;
    const relay = `const socket = require("node:net").connect("${socketPath}"); process.stdin.pipe(socket).pipe(process.stdout)`;
    const folder = writeTree(tempFolder(), { "relay.cjs": relay });
    const proxy = `${process.execPath} ${join(folder, "relay.cjs")}`;
    this.path = sshClient(folder, { name: LiveMachineDouble.name, privateKey, hostKey, proxy });
    const shell = server.onCommand;
    server.onCommand = (channel, line) => {
      if (line.endsWith("'systemctl' 'reboot'")) {
        this.told.push(line.replaceAll("'", ""));
        this.boot += 1;
        for (const socket of server.sockets) socket.destroy();
        return;
      }
      if (line.includes("boot_id'")) return shell(channel, `echo boot-${this.boot}`);
      if (!/^'(docker|systemctl|sudo)'/.test(line)) return shell(channel, line);
      this.told.push(line.replaceAll("'", ""));
      channel.write(line.includes("'context'") ? "unix:///run/there.sock\n" : "1.0\n");
      if (line.includes("'rm'")) this.#undeploy();
      channel.exit(0);
      channel.end();
    };
    server.onStream = (channel) => {
      const socket = createConnection(engine.socket);
      channel.pipe(socket).pipe(channel);
      socket.on("error", () => channel.close());
      channel.on("close", () => socket.destroy());
    };
  }

  static async listen(): Promise<LiveMachineDouble> {
    const engine = await EngineDouble.listen();
    engine.on("GET /_ping", () => ({ body: "OK" }));
    engine.on("GET /nodes", () => ({ body: [{ Status: { State: "ready" } }] }));
    return new LiveMachineDouble(await SshServerDouble.listen(), engine);
  }

  /** One service of a stack runs there. */
  deploy(stack: string): void {
    const { engine } = this;
    const ContainerSpec = { Image: "busybox:1.36.1" };
    const Labels = stackLabel(stack);
    engine.services = [
      { ID: "s1", Spec: { Name: `${stack}_app`, Labels, Mode: {}, TaskTemplate: { ContainerSpec } } },
    ];
    const Status = { State: "running", ContainerStatus: { ContainerID: "c1" } };
    engine.tasks = [
      { ID: "t1", Labels, ServiceID: "s1", DesiredState: "running", Status, Spec: { ContainerSpec } },
    ];
    engine.containers = [{ Id: "c1", Names: ["/app"], State: "running", Labels }];
    engine.on("GET /containers/c1/json", () => ({ body: { Image: "sha256:1" } }));
  }

  #undeploy(): void {
    this.engine.services = [];
    this.engine.tasks = [];
    this.engine.containers = [];
  }
}
