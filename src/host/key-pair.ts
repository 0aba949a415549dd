import ssh2 from "ssh2";

/** A key of SSH and its public half, each in OpenSSH's format. */
export interface KeyPair {
  private: string;
  public: string;
}

/**
 * A new ed25519 key. ssh2 1.17 makes one in some 250 that nobody can read, itself included: it takes a zero at the
 * beginning of a key for padding (lib/keygen.js, "Remove leading zero bytes"). Those are thrown away.
 */
export function newKeyPair(): KeyPair {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync("ed25519");
    if (!(ssh2.utils.parseKey(pair.private) instanceof Error)) return pair;
  }
}
