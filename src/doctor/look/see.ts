import { messageOf } from "../../model/failure.ts";
import { engineWords } from "../../policy/engine.ts";
import { withoutPasswords } from "../../without-passwords.ts";
import type { Seen } from "../facts.ts";

/** A host that has not answered one question by then is not going to, in milliseconds. */
const defaultPatienceMs = 20_000;

/** Looks, and tells why not where that fails or takes too long. Never throws, and tells no password of an address. */
export async function see<T>(look: () => Promise<T>, patienceMs = defaultPatienceMs): Promise<Seen<T>> {
  const { promise: silence, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${patienceMs / 1000} s`)), patienceMs);
  try {
    return { seen: await Promise.race([look(), silence]) };
  } catch (thrown) {
    return { unseen: withoutPasswords(reasonOf(thrown)) };
  } finally {
    clearTimeout(timer);
  }
}

/** What a connection that was tried at several addresses throws has a code and no message. */
function reasonOf(thrown: unknown): string {
  const { code } = thrown as { code?: unknown };
  return engineWords(thrown) || String(code ?? "") || messageOf(thrown);
}
