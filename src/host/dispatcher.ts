import { connect, getCACertificates } from "node:tls";
import { Agent } from "undici";
import type { LiveHost } from "./live.ts";

/**
 * Reaches registries from a live host, whose address is the one that anonymous pulls are counted for. Trusted is whom
 * this machine trusts, as engines do.
 */
export function hostDispatcher(host: Pick<LiveHost, "dial">): Agent {
  const ca = [...getCACertificates("default"), ...getCACertificates("system")];
  return new Agent({
    // A connection that is kept may be closed by its other end just when it is used again.
    pipelining: 0,
    connect({ hostname, port, servername }, callback) {
      const socket = connect({
        socket: host.dial(hostname, Number(port || 443)),
        servername: servername || hostname,
        ca,
      });
      socket.once("secureConnect", () => callback(null, socket));
      socket.once("error", (error) => callback(error, null));
    },
  });
}
