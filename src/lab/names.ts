/** Name of a lab's network on the outer engine, and the beginning of the names of its containers. */
export const labName = (run: string, host: string): string => `pullproof-${run}-${host}`;

/** Where a container of a lab finds the folder that it shares with the controller. */
export const sharedFolder = "/run/pullproof";
