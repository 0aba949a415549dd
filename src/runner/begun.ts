/**
 * Something that is awaited later, and may fail before: the failure is told to whoever awaits it, and until then
 * is nobody's.
 */
export function begun<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
