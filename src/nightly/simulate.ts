import { seededRandom } from "../check/random.ts";
import { formatShare } from "../check/units.ts";
import { table } from "../report/table.ts";
import { type Noise, noises, simulatedNight } from "./simulated-nights.ts";
import { fewestNights, slowdown, type TimedNight } from "./slower.ts";

// `npm run nightly:simulate`: the rates in docs/nightly.md. No engine, no run, about a second of work.

const histories = 2_000;

/** The share of histories of good nights after which one more night, slower by `factor`, is called slower. */
function rate(noise: Noise, before: number, factor: number): number {
  let caught = 0;
  for (let seed = 0; seed < histories; seed += 1) {
    const random = seededRandom(`${noise.name} ${before} ${factor} ${seed}`);
    const nights = Array.from({ length: before }, () => simulatedNight(noise, random));
    if (slowdown(simulatedNight(noise, random, factor), nights).verdict === "slower") caught += 1;
  }
  return caught / histories;
}

/** The share of histories of six nights, none of them slower, in which any night is called slower. */
function falseAlarms(noise: Noise): number {
  let alarms = 0;
  for (let seed = 0; seed < histories; seed += 1) {
    const random = seededRandom(`${noise.name} six ${seed}`);
    const good: TimedNight[] = [];
    let alarm = false;
    for (let night = 0; night < 6; night += 1) {
      const tonight = simulatedNight(noise, random);
      if (slowdown(tonight, good).verdict === "slower") alarm = true;
      else good.push(tonight);
    }
    if (alarm) alarms += 1;
  }
  return alarms / histories;
}

const rows = noises.map((noise) => [
  noise.name,
  percent(falseAlarms(noise)),
  ...[1.5, 2, 3].flatMap((factor) =>
    [fewestNights, 6].map((before) => formatShare(rate(noise, before, factor))),
  ),
]);
const head = [
  "machine",
  "false alarm in 6 nights",
  ...[1.5, 2, 3].flatMap((factor) =>
    [3, 6].map((before) => `${factor} times slower, after ${before} nights`),
  ),
];
process.stdout.write(`${table(head, rows, [1, 2, 3, 4, 5, 6, 7])}\n`);

/** Rates of a few in a thousand are the point. */
function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
