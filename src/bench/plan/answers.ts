import { type SyntheticHost, type SyntheticImage, sha256 } from "./inventory.ts";

/** What the fake engine says of itself. */
export interface FakeEngine {
  id: string;
  dataRoot: string;
  /** What it tells of happened since then, in milliseconds since the epoch. */
  since: number;
}

/** How many events the engine remembers since the record of use was written: fewer than it could. */
const events = 100;

/**
 * Everything that an engine would answer about a synthetic host, by path: bodies of the fields and of about the size
 * that engine 26.1 on overlay2 gives, so that reading them costs what it costs for real.
 */
export function engineAnswers({ images }: SyntheticHost, engine: FakeEngine): Map<string, Buffer> {
  const of = (role: SyntheticImage["role"]) => images.filter((image) => image.role === role);
  const previous = new Map(of("previous").map((image) => [image.repository, image]));
  const deployed = of("deployed").map((image, index) => ({
    image,
    before: previous.get(image.repository),
    index,
  }));
  const answers = new Map<string, Buffer>();
  const tell = (path: string, body: unknown) => answers.set(path, Buffer.from(`${JSON.stringify(body)}\n`));
  tell("/info", info(engine));
  tell("/images/json", images.map(listed));
  tell("/containers/json", [
    ...deployed.map(({ image, index }) => runningContainer(image, index)),
    ...of("stopped").map(stoppedContainer),
  ]);
  tell("/services", deployed.map(service));
  tell("/tasks", deployed.flatMap(tasks));
  for (const image of images) {
    tell(`/images/${image.id}/json`, inspected(image, engine));
    tell(`/images/${image.id}/history`, history(image));
  }
  const lines = Array.from({ length: events }, (_, index) => {
    const at = deployed[index % deployed.length];
    return at === undefined ? "" : `${JSON.stringify(event(at.image, index, engine))}\n`;
  });
  answers.set("/events", Buffer.from(lines.join("")));
  return answers;
}

const hex = (text: string) => sha256(text).slice("sha256:".length);
const short = (text: string) => hex(text).slice(0, 25);
/** A build of the past, told in the way that the engine tells times. */
const built = "2026-03-04T05:06:07.089101112Z";
const builtSeconds = Date.parse(built) / 1000;
const sum = ({ layers }: SyntheticImage) => layers.reduce((all, { bytes }) => all + bytes, 0);
const stackOf = ({ repository }: SyntheticImage) => repository.replace(/[^a-z0-9]+/g, "_");
/** As a swarm names it once it is resolved. */
const resolved = ({ repository, tag, digest }: SyntheticImage) => `${repository}:${tag}@${digest}`;

function info({ id, dataRoot }: FakeEngine): object {
  return {
    ID: id,
    Driver: "overlay2",
    DriverStatus: [["Backing Filesystem", "extfs"]],
    DockerRootDir: dataRoot,
    Swarm: { LocalNodeState: "active", ControlAvailable: true, NodeID: short("node") },
    ServerVersion: "26.1.5",
  };
}

function labels({ repository, tag }: SyntheticImage): Record<string, string> {
  return {
    "org.opencontainers.image.title": repository,
    "org.opencontainers.image.version": tag,
    "org.opencontainers.image.source": `https://git.example.org/${repository}`,
    "org.opencontainers.image.revision": hex(`commit ${repository}:${tag}`).slice(0, 40),
    "org.opencontainers.image.licenses": "AGPL-3.0-or-later",
  };
}

function listed(image: SyntheticImage): object {
  return {
    Containers: -1,
    Created: builtSeconds,
    Id: image.id,
    Labels: labels(image),
    ParentId: "",
    RepoDigests: image.digests,
    RepoTags: image.tags,
    SharedSize: -1,
    Size: sum(image),
  };
}

function inspected(image: SyntheticImage, { dataRoot }: FakeEngine): object {
  const folders = image.layers.map(({ diff }) => `${dataRoot}/overlay2/${hex(diff)}`);
  const top = folders.at(-1) ?? "";
  return {
    Id: image.id,
    RepoTags: image.tags,
    RepoDigests: image.digests,
    Parent: "",
    Comment: "buildkit.dockerfile.v0",
    Created: built,
    DockerVersion: "",
    Author: "",
    Config: {
      ...containerConfig(image),
      ExposedPorts: { "8080/tcp": {}, "9090/tcp": {} },
      Healthcheck: { Test: ["CMD-SHELL", "curl -fsS http://127.0.0.1:8080/health || exit 1"] },
    },
    Architecture: "amd64",
    Os: "linux",
    Size: sum(image),
    GraphDriver: {
      Data: {
        LowerDir: folders
          .slice(0, -1)
          .reverse()
          .map((folder) => `${folder}/diff`)
          .join(":"),
        MergedDir: `${top}/merged`,
        UpperDir: `${top}/diff`,
        WorkDir: `${top}/work`,
      },
      Name: "overlay2",
    },
    RootFS: { Type: "layers", Layers: image.layers.map(({ diff }) => diff) },
    Metadata: { LastTagTime: "0001-01-01T00:00:00Z" },
  };
}

function containerConfig(image: SyntheticImage): object {
  return {
    Hostname: "",
    Domainname: "",
    User: "app",
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    Tty: false,
    OpenStdin: false,
    StdinOnce: false,
    Env: env(image),
    Cmd: ["serve", "--config", "/etc/app/config.yaml"],
    ArgsEscaped: true,
    Image: "",
    Volumes: { "/var/lib/app": {} },
    WorkingDir: "/srv/app",
    Entrypoint: ["/usr/local/bin/docker-entrypoint.sh"],
    OnBuild: null,
    Labels: labels(image),
  };
}

function env({ tag }: SyntheticImage): string[] {
  return [
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    `APP_VERSION=${tag}`,
    "LANG=C.UTF-8",
    "TZ=UTC",
    "GPG_KEY=7169605F62C751356D054A26A821E680E5FA6305",
    "APP_DATA_DIR=/var/lib/app",
  ];
}

/** The layers' steps, and as many that made none, newest first. */
function history(image: SyntheticImage): object[] {
  const steps = image.layers.flatMap(({ diff, bytes }) => [
    {
      ...step(`RUN /bin/sh -c set -eux; install-step ${hex(diff).slice(0, 12)} --prefix=/usr/local`),
      Size: bytes,
    },
    { ...step(`ENV STEP_${hex(diff).slice(0, 6)}=done`), Size: 0 },
  ]);
  return steps.reverse().map((one, index) => ({ ...one, Id: index === 0 ? image.id : "<missing>" }));
}

function step(command: string): object {
  return { Comment: "buildkit.dockerfile.v0", Created: builtSeconds, CreatedBy: command, Tags: null };
}

function runningContainer(image: SyntheticImage, index: number): object {
  const name = `${stackOf(image)}_app.1.${short(`task ${image.id}`)}`;
  return container(image, name, index, {
    Image: resolved(image),
    State: "running",
    Status: "Up 3 weeks (healthy)",
    Labels: {
      ...stackLabels(image),
      "com.docker.swarm.node.id": short("node"),
      "com.docker.swarm.service.id": short(`service ${image.repository}`),
      "com.docker.swarm.service.name": `${stackOf(image)}_app`,
      "com.docker.swarm.task": "",
      "com.docker.swarm.task.id": short(`task ${image.id}`),
      "com.docker.swarm.task.name": name,
    },
  });
}

function stoppedContainer(image: SyntheticImage, index: number): object {
  return container(image, `migrate-${stackOf(image)}`, index, {
    Image: image.tags[0] ?? `${image.repository}@${image.digest}`,
    State: "exited",
    Status: "Exited (0) 2 weeks ago",
    Labels: labels(image),
  });
}

function container(image: SyntheticImage, name: string, index: number, state: object): object {
  return {
    Id: hex(`container ${name}`),
    Names: [`/${name}`],
    ImageID: image.id,
    Command: "/usr/local/bin/docker-entrypoint.sh serve --config /etc/app/config.yaml",
    Created: builtSeconds,
    Ports: [{ PrivatePort: 8080, Type: "tcp" }],
    HostConfig: { NetworkMode: "default" },
    NetworkSettings: {
      Networks: {
        proxy: {
          IPAMConfig: { IPv4Address: address(index) },
          Links: null,
          Aliases: null,
          MacAddress: "02:42:0a:00:01:07",
          NetworkID: short("proxy"),
          EndpointID: hex(`endpoint ${name}`),
          Gateway: "",
          IPAddress: address(index),
          IPPrefixLen: 16,
          DNSNames: null,
        },
      },
    },
    Mounts: [
      {
        Type: "volume",
        Name: `${stackOf(image)}_data`,
        Source: `/var/lib/docker/volumes/${stackOf(image)}_data/_data`,
        Destination: "/var/lib/app",
        Driver: "local",
        Mode: "z",
        RW: true,
        Propagation: "",
      },
    ],
    ...state,
  };
}

function address(index: number): string {
  return `10.0.${Math.floor(index / 250)}.${2 + (index % 250)}`;
}

function stackLabels(image: SyntheticImage): Record<string, string> {
  return {
    "com.docker.stack.image": `${image.repository}:${image.tag}`,
    "com.docker.stack.namespace": stackOf(image),
  };
}

interface Deployed {
  image: SyntheticImage;
  before: SyntheticImage | undefined;
  index: number;
}

function service({ image, before }: Deployed): object {
  return {
    ID: short(`service ${image.repository}`),
    Version: { Index: 4711 },
    CreatedAt: built,
    UpdatedAt: built,
    Spec: serviceSpec(image),
    ...(before !== undefined && { PreviousSpec: serviceSpec(before) }),
    Endpoint: { Spec: { Mode: "vip" }, VirtualIPs: [{ NetworkID: short("proxy"), Addr: "10.0.1.5/16" }] },
    ServiceStatus: { RunningTasks: 1, DesiredTasks: 1, CompletedTasks: 0 },
  };
}

function serviceSpec(image: SyntheticImage): object {
  const stack = stackOf(image);
  return {
    Name: `${stack}_app`,
    Labels: {
      ...stackLabels(image),
      "coop-cloud.backupbot.enabled": "true",
      "traefik.enable": "true",
      [`traefik.http.routers.${stack}.rule`]: `Host(\`${stack}.example.org\`)`,
      [`traefik.http.routers.${stack}.entrypoints`]: "web-secure",
    },
    TaskTemplate: taskSpec(image),
    Mode: { Replicated: { Replicas: 1 } },
    UpdateConfig: { Parallelism: 1, FailureAction: "rollback", MaxFailureRatio: 0, Order: "start-first" },
    EndpointSpec: { Mode: "vip" },
  };
}

function taskSpec(image: SyntheticImage): object {
  const stack = stackOf(image);
  return {
    ContainerSpec: {
      Image: resolved(image),
      Labels: stackLabels(image),
      Env: env(image),
      Privileges: { CredentialSpec: null, SELinuxContext: null, NoNewPrivileges: false },
      Mounts: [{ Type: "volume", Source: `${stack}_data`, Target: "/var/lib/app" }],
      StopGracePeriod: 10_000_000_000,
      Healthcheck: {
        Test: ["CMD-SHELL", "curl -fsS http://127.0.0.1:8080/health"],
        Interval: 30_000_000_000,
      },
      Secrets: [
        {
          File: { Name: "db_password", UID: "0", GID: "0", Mode: 292 },
          SecretID: short(`secret ${stack}`),
          SecretName: `${stack}_db_password_v1`,
        },
      ],
      Isolation: "default",
    },
    Resources: { Limits: { MemoryBytes: 536_870_912 } },
    RestartPolicy: { Condition: "any", MaxAttempts: 0 },
    Placement: { Platforms: [{ Architecture: "amd64", OS: "linux" }] },
    Networks: [{ Target: short("proxy"), Aliases: ["app"] }],
    ForceUpdate: 0,
    Runtime: "container",
  };
}

/** The one that runs, and the one that the last update replaced. */
function tasks({ image, before }: Deployed): object[] {
  const ended = before === undefined ? [] : [task(before, "shutdown", "shutdown")];
  return [task(image, "running", "running"), ...ended];
}

function task(image: SyntheticImage, state: string, desired: string): object {
  return {
    ID: short(`task ${image.id}`),
    Version: { Index: 4712 },
    CreatedAt: built,
    UpdatedAt: built,
    Labels: {},
    Spec: taskSpec(image),
    ServiceID: short(`service ${image.repository}`),
    Slot: 1,
    NodeID: short("node"),
    Status: {
      Timestamp: built,
      State: state,
      Message: state,
      ContainerStatus: { ContainerID: hex(`container ${image.id}`), PID: 4713, ExitCode: 0 },
      PortStatus: {},
    },
    DesiredState: desired,
    NetworksAttachments: [
      {
        Network: { ID: short("proxy"), Spec: { Name: "proxy", Scope: "swarm" } },
        Addresses: ["10.0.1.6/16"],
      },
    ],
    Volumes: null,
  };
}

/** A health check's exec or so: most of what an engine remembers shows containers at work. */
function event(image: SyntheticImage, index: number, { since }: FakeEngine): object {
  const name = resolved(image);
  const at = since + index;
  return {
    status: "exec_die",
    id: hex(`container ${name}`),
    from: name,
    Type: "container",
    Action: "exec_die",
    Actor: {
      ID: hex(`container ${name}`),
      Attributes: { image: name, name: `app-${index}`, exitCode: "0", execID: hex(`exec ${index}`) },
    },
    scope: "local",
    time: Math.floor(at / 1000),
    timeNano: at * 1e6,
  };
}
