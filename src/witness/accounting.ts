import type { Host } from "../host/host.ts";
import type { Body } from "../model/evidence.ts";

/** The systemd units that an engine from Docker's or a distribution's packages runs as. */
const engineUnits = ["docker.service", "containerd.service"];

/**
 * Those of the engine's units whose received bytes systemd counts: `IPAccounting=yes` (systemd.resource-control(5)).
 * None where the engine's own unit is not counted, or there is no systemd.
 */
export async function accountedUnits(host: Host): Promise<string[]> {
  const counted = await Promise.all(engineUnits.map(async (unit) => (await read(host, unit)) !== null));
  return counted[0] ? engineUnits.filter((_, index) => counted[index]) : [];
}

/** Bytes that units received since they started. Throws when one is not counted any more. */
export async function ipAccounting(host: Host, units: readonly string[]): Promise<Body<"accounting">> {
  const bytes = await Promise.all(units.map((unit) => read(host, unit)));
  const lost = units.filter((_, index) => bytes[index] === null);
  if (lost.length > 0) throw new Error(`systemd does not count what ${lost.join(", ")} received`);
  return { units: [...units], rxBytes: bytes.reduce<number>((sum, one) => sum + (one ?? 0), 0) };
}

async function read(host: Host, unit: string): Promise<number | null> {
  const show = ["systemctl", "show", "--property=IPIngressBytes", "--value", unit];
  const { exitCode, stdout } = await host.exec(show);
  // `[no data]` or, of older ones, the largest 64-bit number.
  const bytes = /^\d{1,15}$/.test(stdout.trim()) ? Number(stdout) : null;
  return exitCode === 0 ? bytes : null;
}
