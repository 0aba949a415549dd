import type { Host } from "../host/host.ts";
import type { Body } from "../model/evidence.ts";
import type { Recipe } from "./recipe.ts";

/** What the outcome of a step tells, but for the time that the runner takes. */
export type Outcome = Omit<Body<"outcome">, "seconds">;

/** One application: a recipe under a domain. */
export interface App {
  recipe: Recipe;
  domain: string;
  /** Name of the swarm stack. */
  stack: string;
}

export interface DeployRequest {
  app: App;
  /** Image references that replace the recipe's, by service. */
  images: Record<string, string>;
  /** Whether credentials for the registry travel with the deploy. */
  registryAuth: boolean;
  timeoutSeconds: number;
}

/** How a recipe reaches the host. */
export interface Deployer {
  /** `stack` or `abra`, as the report names it. */
  readonly name: string;
  /** Whether it can be told to send registry credentials, or not; one that cannot decides for itself. */
  readonly choosesAuth: boolean;
  version(host: Host): Promise<string>;
  /** Deploys and waits until every task runs and is healthy, or the time is up. */
  deploy(host: Host, request: DeployRequest): Promise<Outcome>;
  /** Removes services, networks, volumes, secrets and configs, waits until they are gone, removes no image. */
  teardown(host: Host, app: App): Promise<Outcome>;
}

/** An outcome of which nothing more is to be said. */
export const plainOutcome = (status: Outcome["status"], message: string | null = null): Outcome => ({
  status,
  message,
  warnings: [],
  services: [],
  output: null,
});
