import type { Dispatcher } from "undici";
import type { Credentials } from "../../host/credentials.ts";
import { askHub, type HubAnswer } from "../../witness/rate-limit.ts";

/** Asks docker.io in somebody's name, or in nobody's. */
export type AskHub = (credentials: Credentials | null) => Promise<HubAnswer>;

/** Asks over a dispatcher: Docker Hub itself, or a lab's hub. It costs no pull. */
export function askHubOver(dispatcher: Dispatcher): AskHub {
  return (credentials) => {
    const account = { name: credentials?.account ?? "", pat: credentials?.secret ?? "" };
    return askHub({ dispatcher, account }, credentials === null ? "anonymous" : "account");
  };
}
