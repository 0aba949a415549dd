import { describe, expect, it } from "vitest";
import { modes } from "../../../src/gauntlet/modes.ts";
import { defaultLab, labImage } from "../../../src/lab/rootfs.ts";
import { chosenEngines, engines, expectedVerdict, mistaken } from "../../../src/matrix/engines.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import { environment } from "../../support/simulation.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const [graphdriver, , containerd] = modes;

describe("the engines of the matrix", () => {
  it("have a name and an image each, one of them the lab's own, which is there already", () => {
    expect(new Set(engines.map(({ name }) => name)).size).toBe(engines.length);
    const images = engines.map(({ image }) => labImage(image));
    expect(new Set(images).size).toBe(engines.length);
    expect(images).toContain(labImage(defaultLab));
  });

  it("are chosen by name, in their own order, or all of them", () => {
    const names = (asked: string[]) => chosenEngines(asked).map(({ name }) => name);
    expect(names([])).toEqual(engines.map(({ name }) => name));
    expect(names(["sid", "bookworm", "sid"])).toEqual(["bookworm", "sid"]);
  });

  it("say which there are when one is asked for that is none", async () => {
    expect(await thrownBy(() => chosenEngines(["sid", "wheezy"]))).toMatchObject({
      exitCode: ExitCode.usage,
      seen: "wheezy",
      next: expect.stringContaining("bookworm"),
    });
  });

  it("have to be what they were asked to be: no cell is told of another engine", () => {
    const engine = { ...environment.engine, imageStore: "graphdriver" as const, version: "9.8.7" };
    const [any] = engines;
    if (any === undefined) throw new Error("there is no engine");
    const built = { ...any, image: { ...any.image, dockerd: "9.8.7" } };
    expect(mistaken(any, graphdriver, engine)).toBeNull();
    expect(mistaken(any, containerd, engine)).toContain("graphdriver");
    expect(mistaken(any, graphdriver, null)).not.toBeNull();
    expect(mistaken(built, graphdriver, engine)).toBeNull();
    expect(mistaken(built, graphdriver, { ...engine, version: "28.5.2" })).toContain("28.5.2");
  });

  it("are expected to pass but for what is written down of them", () => {
    const [engine] = engines;
    if (engine === undefined) throw new Error("there is no engine");
    const known = { ...engine, expected: { graphdriver: { G1: "fail" as const } } };
    expect(expectedVerdict(known, graphdriver, "G1")).toBe("fail");
    expect(expectedVerdict(known, graphdriver, "G2")).toBe("pass");
    expect(expectedVerdict(known, containerd, "G1")).toBe("pass");
  });
});
