import { shown } from "./problems.ts";

/** Names that ssh takes for a name: not for an option, and not for a part of a command. */
const sshName = /^(?!-)[\w.-]+$/;

/**
 * What is wrong with a URL as the address of a live host's engine; null for `unix:///path` and for
 * `ssh://[user@]host[:port]`, as Docker's own DOCKER_HOST has them. Docker refuses a password in it too: the URL is
 * told in reports and shown in process lists.
 */
export function dockerHostProblem(text: string): string | null {
  // A URL's parser would drop some of these without a word.
  const seemly = !/[\s\p{C}]/u.test(text);
  if (seemly && /^unix:\/\/\/[^?#]+$/.test(text)) return null;
  const url = seemly && text.startsWith("ssh://") ? URL.parse(text) : null;
  if (url === null)
    return `expected a URL such as ssh://user@host or unix:///run/docker.sock, not ${shown(text)}`;
  if (url.password !== "") return `${shown(text)} holds a password; log in with a key instead`;
  const plain =
    (sshName.test(url.hostname) || /^\[[\da-f:.]+\]$/.test(url.hostname)) &&
    (url.username === "" || sshName.test(url.username)) &&
    ["", "/"].includes(url.pathname) &&
    url.search === "" &&
    url.hash === "";
  return plain ? null : `expected ssh://user@host:port and nothing else, not ${shown(text)}`;
}
