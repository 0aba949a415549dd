import { doubleMark } from "../model/contract-double.ts";
import type { Body } from "../model/evidence.ts";

type DeployerFacts = Body<"environment">["deployer"];

/** Whether a contract double stood in for the deployer: nothing may say then that it was the real one. */
export const isDouble = ({ version }: DeployerFacts): boolean => version.includes(doubleMark);

/** What deployed, and in which version: `stack 26.1.5`. A contract double is called that, and nothing else. */
export function deployerTitle(deployer: DeployerFacts): string {
  return isDouble(deployer) ? deployer.version : `${deployer.name} ${deployer.version}`;
}

/** Whether a deploy carried credentials for the registry, as far as it was told to. */
export function registryAuthText({ registryAuth }: DeployerFacts): string {
  // As whom the pulls ran is PC2.1's to say, by evidence.
  if (registryAuth === null) return "left to the deployer";
  return registryAuth ? "sent" : "not sent";
}

/** What is the same as with abra and what is not, in one sentence; null for abra itself. */
export function deployerNote(deployer: DeployerFacts): string | null {
  if (isDouble(deployer)) return "a test program in the place of abra, which says nothing about abra";
  if (deployer.name !== "stack") return null;
  return "the same recipe in the same environment, and digest resolution always on; without abra's own wait for convergence, its lint, its version labels, and its own decision whether to send credentials";
}
