/** What is under way; tells when nothing is. */
export class InFlight<T> {
  readonly #items = new Set<T>();
  #waiting: (() => void)[] = [];

  enter(item: T): void {
    this.#items.add(item);
  }

  leave(item: T): void {
    this.#items.delete(item);
    if (this.#items.size > 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** In the order in which they entered. */
  items(): T[] {
    return [...this.#items];
  }

  /** Resolves when nothing is under way, at once if nothing is now. */
  idle(): Promise<void> {
    return this.#items.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }
}
