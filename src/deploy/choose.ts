import type { Deployer } from "./deployer.ts";
import { StackDeployer } from "./stack.ts";

/** The deployer of a name. */
export function chooseDeployer(_name: "auto" | "abra" | "stack"): Deployer {
  return new StackDeployer();
}
