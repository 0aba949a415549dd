/** Where a run tells what it is doing. */
export interface Progress {
  /** Begins something; call the result, with how it ended, when it is over. */
  begin(what: string): (how: string) => void;
  /** Says one thing. */
  say(what: string): void;
}
