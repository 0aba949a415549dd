/** What an engine answers, or null when it answers that there is no such thing. */
export async function nullIfMissing<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (thrown) {
    if ((thrown as { statusCode?: number }).statusCode === 404) return null;
    throw thrown;
  }
}
