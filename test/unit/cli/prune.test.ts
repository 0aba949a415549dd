import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { StoredImage } from "../../../src/model/evidence.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import { lockAlone, lockPath, lockShared } from "../../../src/policy/lock.ts";
import { readRemovals, removalsPath } from "../../../src/policy/removals.ts";
import { statePath } from "../../../src/policy/state-file.ts";
import { CommandLine, type Ended } from "../../support/command-line.ts";
import { runHere } from "../../support/host-double.ts";
import {
  atRest,
  containerEvent,
  imageEvent,
  listedContainer,
  listedService,
  PruneHost,
  underPressure,
} from "../../support/prune-host.ts";
import { tempFolder, writeTree } from "../../support/temp.ts";
import { image, sha } from "../policy/hosts.ts";

/** A process is started for each of these; a busy machine takes its time. */
const patience = { timeout: 60_000 };

const old = image("old", [`old@${sha("old digest")}`]);
const older = image("older", ["older:1"]);
const leftOver = image("left-over");
const base = image("base", ["base:1"], [sha("base's")]);
const kept = image("kept", ["kept:1"], [sha("base's"), sha("kept's")]);
const images: StoredImage[] = [old, older, leftOver, base, kept];

/** A host that was watched until a moment ago, on which two images are old, and `kept` and its base are kept. */
async function hostWith(settings: object = underPressure): Promise<{ host: PruneHost; line: CommandLine }> {
  const host = await PruneHost.with(images);
  host.configure({ keep: ["kept"], ...settings });
  host.remember(Date.now() - 1000, { [sha("older")]: 60, [sha("left-over")]: 20 });
  return { host, line: new CommandLine(host.env) };
}

const prune = (host: PruneHost, line: CommandLine, ...words: string[]): Promise<Ended> =>
  line.run("prune", "--config", host.config, ...words);

/** What every run of the policy has to leave alone. */
function expectNoForce(host: PruneHost): void {
  for (const { method, path, query } of host.changes) {
    expect({ method, path }).toEqual({ method: "DELETE", path: expect.stringMatching(/^\/images\//) });
    expect(query.get("force")).toBeNull();
  }
}

interface PlanJson {
  exitCode: number;
  images: { name: string; does: string; reason: string; place: number | null }[];
  outcome: null | { images: { removed: { id: string; name: string }[]; skipped: object[] } };
  [key: string]: unknown;
}

describe("prune", patience, () => {
  it("says below the high mark that there is nothing to do, names every image, and changes nothing", async () => {
    const { host, line } = await hostWith(atRest);
    const state = readFileSync(statePath(host.stateDir), "utf8");
    const { code, stdout, stderr } = await prune(host, line);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^nothing to do: \d+ % of .+ (is|are) used, the high mark is 100 %\n/);
    for (const name of ["old@sha256:", "older:1", sha("left-over").slice(0, 12), "base:1", "kept:1"])
      expect(stdout).toContain(name);
    expect(stdout).toMatch(/base:1 .*base of kept:1/);
    expect(host.changes).toEqual([]);
    expect(readFileSync(statePath(host.stateDir), "utf8")).toBe(state);
    expect(readdirSync(host.stateDir)).toEqual(["state.json"]);
  });

  it("plans under pressure what would go, in order, and removes none of it", async () => {
    const { host, line } = await hostWith();
    const { code, stdout } = await prune(host, line);
    // Nothing gets below marks like these.
    expect(code).toBe(ExitCode.fail);
    expect(stdout).toMatch(
      /^protected images alone keep the disk above the low mark \(the largest: .*kept:1.*would remove 3 images/,
    );
    const rows = stdout.split("\n").filter((row) => /^│.* remove /.test(row));
    expect(rows).toEqual([
      expect.stringContaining(sha("left-over").slice(0, 12)),
      expect.stringContaining("older:1"),
      expect.stringContaining("old@sha256:"),
    ]);
    for (const row of rows) expect(row).toMatch(/days ago .* ~100 B /);
    expect(host.changes).toEqual([]);
  });

  it("prints everything as JSON", async () => {
    const { host, line } = await hostWith();
    const { code, stdout } = await prune(host, line, "--json");
    const plan = JSON.parse(stdout) as PlanJson;
    expect(plan).toMatchObject({
      exitCode: code,
      applied: false,
      dataRoot: host.dataRoot,
      pressure: true,
      busy: null,
      freedBytesEstimate: 300,
      outcome: null,
      warnings: [],
    });
    expect(plan.images.map(({ name, does, place }) => [name, does, place])).toEqual([
      [expect.stringContaining("sha256:"), "remove", 1],
      ["older:1", "remove", 2],
      [expect.stringContaining("old@"), "remove", 3],
      ["base:1", "keep", null],
      ["kept:1", "keep", null],
    ]);
  });

  it("carries the plan out with --apply: by ID, in order, unforced; and tells what came of it", async () => {
    const { host, line } = await hostWith();
    const { code, stdout } = await prune(host, line, "--apply");
    expect(code).toBe(ExitCode.fail);
    expect(host.removals).toEqual([sha("left-over"), sha("older"), sha("old")]);
    expectNoForce(host);
    expect(host.engine.images.map(({ RepoTags }) => RepoTags)).toEqual([["base:1"], ["kept:1"]]);
    expect(stdout).toMatch(/^protected images alone keep .*removed 3 images/);
    expect(stdout).toMatch(/older:1 .*removed/);
    expect(host.recorded?.until).toBeGreaterThan(Date.now() - 60_000);
  });

  it("leaves a list of what it removed with --apply, and why, for whoever misses it", async () => {
    const { host, line } = await hostWith();
    await prune(host, line, "--apply");
    const listed = await readRemovals(host.stateDir);
    expect(listed.map(({ id }) => id)).toEqual(host.removals);
    for (const { at, reason } of listed) {
      expect(at).toBeGreaterThan(Date.now() - 60_000);
      expect(reason).not.toBe("");
    }
  });

  it("warns where that list cannot be written, and tells what it removed all the same", async () => {
    const { host, line } = await hostWith();
    mkdirSync(removalsPath(host.stateDir));
    const { code, stdout, stderr } = await prune(host, line, "--apply");
    expect(code).toBe(ExitCode.fail);
    expect(stdout).toMatch(/removed 3 images/);
    expect(stderr).toMatch(/warning: the list of removals cannot be written/);
  });

  it("removes nothing with --apply below the high mark", async () => {
    const { host, line } = await hostWith(atRest);
    expect(await prune(host, line, "--apply")).toMatchObject({ code: 0, stderr: "" });
    expect(host.changes).toEqual([]);
    expect(readdirSync(host.stateDir).sort()).toEqual(["run.lock", "state.json"]);
  });

  it("keeps every image of a host that it never saw before, and says that ages count from now", async () => {
    const { host, line } = await hostWith();
    rmSync(statePath(host.stateDir));
    const { code, stderr } = await prune(host, line, "--apply");
    expect(code).toBe(ExitCode.fail);
    expect(stderr).toMatch(/^warning: .*missed.*no record/m);
    expect(host.removals).toEqual([]);
    expect(Object.keys(host.recorded?.images ?? {})).toHaveLength(images.length);
  });

  it("takes a state file that it cannot read for none, sets it aside, and says so", async () => {
    const { host, line } = await hostWith();
    writeFileSync(statePath(host.stateDir), '{"version":1,');
    const planned = await prune(host, line);
    expect(planned.stderr).toMatch(/^warning: .*state\.json cannot be read/m);
    expect(readdirSync(host.stateDir)).toEqual(["state.json"]);
    const { stderr } = await prune(host, line, "--apply");
    const aside = readdirSync(host.stateDir).find((name) => name.startsWith("state.json.unreadable-"));
    expect(stderr).toContain(aside);
    expect(readFileSync(join(host.stateDir, aside ?? ""), "utf8")).toBe('{"version":1,');
    expect(host.removals).toEqual([]);
    expect(host.recorded?.since).toBeGreaterThan(Date.now() - 60_000);
  });

  it("skips an image that is used meanwhile, and says why", async () => {
    const { host, line } = await hostWith();
    host.engine.on(`DELETE /images/${sha("left-over")}`, () => {
      host.engine.emit(containerEvent("older:1", Date.now(), "create"));
      return { body: [] };
    });
    const { stdout, stderr } = await prune(host, line, "--apply");
    expect(host.removals).toEqual([sha("left-over"), sha("old")]);
    expect(stdout).toMatch(/older:1 .*kept .*used \d+ seconds? ago/);
    expect(stderr).toMatch(/kept older:1: used/);
  });

  it("skips an image that the engine does not give up, in the engine's words", async () => {
    const { host, line } = await hostWith();
    host.engine.on(`DELETE /images/${sha("older")}`, () => ({
      status: 409,
      body: { message: "conflict: unable to delete" },
    }));
    const { code, stdout } = await prune(host, line, "--apply", "--json");
    expect(code).toBe(ExitCode.fail);
    expect((JSON.parse(stdout) as PlanJson).outcome?.images.skipped).toEqual([
      { id: sha("older"), name: "older:1", reason: expect.stringContaining("conflict: unable to delete") },
    ]);
    expect(host.removals).toHaveLength(3);
    expectNoForce(host);
  });

  it("tells what was removed and what was not when the engine goes away in the middle", async () => {
    const { host, line } = await hostWith();
    host.engine.on(`DELETE /images/${sha("older")}`, () => {
      void host.engine.stop();
      return undefined;
    });
    const { code, stdout, stderr } = await prune(host, line, "--apply");
    expect(code).toBe(ExitCode.internal);
    expect(stdout).toMatch(/removed 1 image .*whether older:1 is gone is not known, did not come to 1 image/);
    expect(stdout).toMatch(/old@sha256:\S+ .*not removed/);
    expect(stderr).toMatch(
      /^error: the prune run broke off\n {2}seen: the Docker engine went away.*\n {2}next: .+\n$/m,
    );
    expect(host.removals).toEqual([sha("left-over"), sha("older")]);
  });

  describe("removes nothing, and says why,", () => {
    /** Runs both ways; neither may change anything on the engine. */
    async function refused(host: PruneHost, line: CommandLine, code: number): Promise<string[]> {
      const texts: string[] = [];
      for (const words of [[], ["--apply"]]) {
        const ended = await prune(host, line, ...words);
        expect(ended.code).toBe(code);
        texts.push(`${ended.stdout}${ended.stderr}`);
      }
      expect(host.changes).toEqual([]);
      return texts;
    }

    const each = (texts: string[], pattern: RegExp) => {
      for (const text of texts) expect(text).toMatch(pattern);
    };

    it("while a service converges", async () => {
      const { host, line } = await hostWith();
      host.manageSwarm();
      host.engine.services = [listedService("web:1", 1, 2)];
      each(await refused(host, line, ExitCode.tryLater), /nothing may be removed now: .*web/);
    });

    it("while a pull is in flight", async () => {
      const { host, line } = await hostWith();
      writeTree(host.dataRoot, { "tmp/GetImageBlob42": "" });
      each(await refused(host, line, ExitCode.tryLater), /nothing may be removed now: .*GetImageBlob42/);
    });

    it("when a pull was in flight as it planned, though that is over by now", async () => {
      const { host, line } = await hostWith();
      const pull = join(writeTree(host.dataRoot, { "tmp/GetImageBlob42": "" }), "tmp/GetImageBlob42");
      // The last question before the plan is made.
      host.engine.on("GET /events", (_, response) => {
        rmSync(pull, { force: true });
        response.end();
        return undefined;
      });
      expect(await prune(host, line, "--apply")).toMatchObject({ code: ExitCode.tryLater });
      expect(host.changes).toEqual([]);
    });

    it("without an engine", async () => {
      const { host, line } = await hostWith();
      await host.engine.stop();
      each(await refused(host, line, ExitCode.unavailable), /error: the Docker engine does not answer/);
      expect(existsSync(lockPath(host.stateDir))).toBe(false);
    });

    it("on a worker of a swarm", async () => {
      const { host, line } = await hostWith();
      host.engine.info = {
        ...host.engine.info,
        Swarm: { LocalNodeState: "active", ControlAvailable: false },
      };
      each(await refused(host, line, ExitCode.unavailable), /worker/);
    });

    it("where the data root is not on this machine", async () => {
      const { host, line } = await hostWith();
      rmSync(host.dataRoot, { recursive: true });
      each(await refused(host, line, ExitCode.unavailable), /data root cannot be looked at/);
    });

    it("when the engine cannot answer", async () => {
      const { host, line } = await hostWith();
      host.engine.on("GET /containers/json", () => ({
        status: 500,
        body: { message: "the store is broken" },
      }));
      each(await refused(host, line, ExitCode.unavailable), /could not answer[\s\S]*the store is broken/);
    });

    it("with settings that are broken", async () => {
      const { host, line } = await hostWith();
      host.configure({ high: "70%", low: "80%" });
      each(
        await refused(host, line, ExitCode.config),
        /error: .*settings are broken[\s\S]*prune\.yaml[\s\S]*next: /,
      );
      expect(host.engine.requests).toEqual([]);
    });

    it("with a recipe that cannot be read", async () => {
      const { host, line } = await hostWith();
      const abraDir = writeTree(tempFolder(), { "recipes/app/compose.yml": "services: [" });
      host.configure({ ...underPressure, abraDir });
      each(await refused(host, line, ExitCode.config), /recipes\/app\/compose\.yml/);
    });

    it("where its own folder cannot be written", async () => {
      const { host, line } = await hostWith();
      const file = join(tempFolder(), "file");
      writeFileSync(file, "");
      host.configure({ ...underPressure, stateDir: join(file, "state") });
      const { code, stderr } = await prune(host, line, "--apply");
      expect(code).toBe(ExitCode.unavailable);
      expect(stderr).toMatch(/error: .*lock/);
      expect(host.changes).toEqual([]);
    });
  });

  /** A data root that is read-only, in a mount namespace of its own, takes the right to make one. */
  const namespaces = spawnSync("unshare", ["--mount", "true"]).status === 0;

  it.runIf(namespaces)("refuses a data root on a file system that is read-only", async () => {
    const { host } = await hostWith();
    const script = `mount -t tmpfs -o ro none "$1" && shift && exec "$@"`;
    const main = join(import.meta.dirname, "../../../src/cli/main.ts");
    const command = [process.execPath, main, "prune", "--apply", "--config", host.config];
    const inside = ["unshare", "--mount", "sh", "-c", script, "sh", host.dataRoot, ...command];
    const { exitCode, stderr } = await runHere(inside, host.env);
    expect(stderr).toMatch(/read-only/);
    expect(exitCode).toBe(ExitCode.unavailable);
    expect(host.changes).toEqual([]);
  });

  describe("beside others", () => {
    it("does not begin while a run holds the lock, and tells so in the plan", async () => {
      const { host, line } = await hostWith();
      using _ = await lockShared(host.stateDir, () => {}, new AbortController().signal);
      const applied = await prune(host, line, "--apply");
      expect(applied).toMatchObject({ code: ExitCode.tryLater, stdout: "" });
      expect(applied.stderr).toMatch(/error: a run is in progress.*\n {2}seen: .*run\.lock/);
      expect(host.changes).toEqual([]);
      const planned = await prune(host, line);
      expect(planned.stderr).toMatch(/^warning: a run is in progress/m);
      expect(planned.code).toBe(ExitCode.fail);
    });

    it("does not begin while another prune is at work, which goes on", async () => {
      const { host, line } = await hostWith();
      const removing = Promise.withResolvers<void>();
      const goOn = Promise.withResolvers<void>();
      host.engine.on(`DELETE /images/${sha("left-over")}`, (_, response) => {
        removing.resolve();
        void goOn.promise.then(() => response.end("[]"));
        return undefined;
      });
      const first = prune(host, line, "--apply");
      await removing.promise;
      expect((await prune(host, line, "--apply")).code).toBe(ExitCode.tryLater);
      goOn.resolve();
      expect((await first).code).toBe(ExitCode.fail);
      expect(host.removals).toEqual([sha("left-over"), sha("older"), sha("old")]);
    });

    it("lets the lock go at its end", async () => {
      const { host, line } = await hostWith();
      await prune(host, line, "--apply");
      using lock = await lockAlone(host.stateDir);
      expect(lock).not.toBeNull();
    });
  });

  describe("--explain", () => {
    it.each([
      ["a tag", "older:1", /older:1: remove: orphaned, unused for 60 days/],
      ["a digest", `old@${sha("old digest")}`, /old@sha256:.*: remove: /],
      ["the beginning of an ID", sha("left-over").slice(7, 19), /: remove: dangling build left-over/],
      ["a repository", "kept", /kept:1: keep: kept by the rule kept/],
    ])("tells of an image by %s what becomes of it, and of no other", async (_, name, pattern) => {
      const { host, line } = await hostWith();
      const { stdout } = await prune(host, line, "--explain", name);
      expect(stdout).toMatch(pattern);
      expect(stdout.match(/^ {2}ID: /gm)).toHaveLength(1);
      expect(host.changes).toEqual([]);
    });

    it("prints that as JSON", async () => {
      const { host, line } = await hostWith();
      const { stdout } = await prune(host, line, "--explain", "older:1", "--json");
      expect((JSON.parse(stdout) as PlanJson).images).toMatchObject([
        { name: "older:1", does: "remove", place: 2 },
      ]);
    });

    it("refuses an image that is not there", async () => {
      const { host, line } = await hostWith();
      const ended = await prune(host, line, "--explain", "nginx:1");
      expect(ended).toMatchObject({ code: ExitCode.usage, stdout: "" });
      expect(ended.stderr).toMatch(/error: .*no such image.*\n {2}seen: --explain nginx:1\n/);
    });

    it("does not go together with --apply", async () => {
      const { host, line } = await hostWith();
      const ended = await prune(host, line, "--explain", "older:1", "--apply");
      expect(ended.code).toBe(ExitCode.usage);
      expect(host.engine.requests).toEqual([]);
    });
  });

  it("warns of a keep rule that matches nothing", async () => {
    const { host, line } = await hostWith({ ...atRest, keep: ["kept", "nothing/**"] });
    expect((await prune(host, line)).stderr).toMatch(/^warning: .*nothing\/\*\*/m);
  });

  it("protects what a recipe pins", async () => {
    const abraDir = writeTree(tempFolder(), {
      "recipes/app/compose.yml": "services: { app: { image: 'older:1' } }",
    });
    const { host, line } = await hostWith({ ...underPressure, abraDir });
    const { stdout } = await prune(host, line, "--apply");
    expect(host.removals).toEqual([sha("left-over"), sha("old")]);
    expect(stdout).toContain("removed 2 images");
    expect((await prune(host, line, "--explain", "older:1")).stdout).toMatch(
      /pinned by .*recipes\/app\/compose\.yml/,
    );
  });

  it("protects what a container uses, and forgets no use that the engine remembers", async () => {
    const { host, line } = await hostWith();
    host.engine.containers = [listedContainer(sha("older"), { State: "exited" })];
    host.engine.emit(imageEvent("pull", `old@${sha("old digest")}`, Date.now()));
    await prune(host, line, "--apply");
    expect(host.removals).toEqual([sha("left-over")]);
  });
});
