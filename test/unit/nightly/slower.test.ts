import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../src/check/random.ts";
import { type Noise, noises, simulatedNight } from "../../../src/nightly/simulated-nights.ts";
import { slowdown, type TimedNight } from "../../../src/nightly/slower.ts";

const night = (seconds: number, teardown = 6): TimedNight => ({
  samples: [0.98, 0.99, 1, 1.01, 1.02].map((factor) => factor * seconds),
  teardowns: [teardown, teardown],
});
const calm = [7, 7.2, 6.9, 7.1].map((seconds) => night(seconds));

describe("slowdown", () => {
  it("sees what takes twice as long on a calm machine", () => {
    expect(slowdown(night(14), calm).verdict).toBe("slower");
    expect(slowdown(night(14), calm).ratio).toBeCloseTo(2, 1);
  });

  it("leaves alone what is surely slower, but not by half", () => {
    expect(slowdown(night(9), calm).verdict).toBe("not slower");
  });

  it("expects nights to differ as they did", () => {
    const restless = [5, 9, 6, 10].map((seconds) => night(seconds));
    expect(slowdown(night(14), restless).verdict).toBe("not slower");
    expect(slowdown(night(50), restless).verdict).toBe("slower");
  });

  it("takes a machine that is slow at everything for what it is", () => {
    expect(slowdown(night(14, 12), calm).verdict).toBe("not slower");
  });

  it("does not call a deploy slower because teardowns got faster", () => {
    const found = slowdown(night(7.1, 2), calm);
    expect(found.verdict).toBe("not slower");
    expect(found.relative).toBeGreaterThan(found.bound ?? Number.NaN);
  });

  it("goes by seconds alone where no teardown was timed", () => {
    const bare = (seconds: number) => ({ ...night(seconds), teardowns: [] });
    const nights = [7, 7.2, 6.9].map(bare);
    expect(slowdown(bare(14), nights).verdict).toBe("slower");
    expect(slowdown(bare(7), nights).verdict).toBe("not slower");
  });

  it("says nothing with fewer than three nights, or three samples", () => {
    expect(slowdown(night(70), calm.slice(0, 2)).verdict).toBe("too few");
    expect(slowdown({ ...night(70), samples: [70, 70] }, calm).verdict).toBe("too few");
    const thin = calm.map((one) => ({ ...one, samples: one.samples.slice(0, 2) }));
    expect(slowdown(night(70), thin)).toMatchObject({ verdict: "too few", nights: 0 });
  });

  it("goes by the last seven nights: what was slow long ago excuses nothing", () => {
    const long = Array.from({ length: 7 }, () => night(7));
    expect(slowdown(night(14), [night(100), night(1), ...long])).toMatchObject({
      verdict: "slower",
      nights: 7,
    });
  });
});

/** The share of one more night after `before` good ones that is called slower. */
function rate(noise: Noise, before: number, factor: number, histories = 1_000): number {
  const called = Array.from({ length: histories }, (_, seed) => {
    const random = seededRandom(`${noise.name} ${seed}`);
    const nights = Array.from({ length: before }, () => simulatedNight(noise, random));
    return slowdown(simulatedNight(noise, random, factor), nights).verdict === "slower";
  });
  return called.filter(Boolean).length / histories;
}

describe("on simulated machines", () => {
  it.each(noises)("one more $name night is hardly ever called slower", (noise) => {
    // The bound alone lets one in a hundred through.
    for (const before of [3, 6]) expect(rate(noise, before, 1)).toBeLessThanOrEqual(0.01);
  });

  it("what is twice as slow is caught on a quiet machine, and what is three times as slow on a noisy one", () => {
    const [quiet, noisy] = noises;
    if (quiet === undefined || noisy === undefined) throw new Error("no machines");
    expect(rate(quiet, 6, 2)).toBeGreaterThan(0.99);
    expect(rate(noisy, 6, 3)).toBeGreaterThan(0.9);
  });
});
