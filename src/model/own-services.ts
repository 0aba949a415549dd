import type { Body } from "./evidence.ts";

/**
 * The services of the run's stack among all that a host has: on a live host others deploy as well. Without a stack's
 * name the host is the run's own, and so is every service. Swarm puts the name of the stack before that of the service.
 */
export function ownServices({ services }: Body<"uses">, stack: string | undefined): Body<"uses">["services"] {
  return services.filter(({ name }) => stack === undefined || name.startsWith(`${stack}_`));
}
