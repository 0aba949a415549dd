import { count, list } from "../../check/units.ts";
import { formatAge } from "../../policy/age.ts";
import { shellWord } from "../../shell.ts";
import { type Finding, ok, problem, unknown, warning } from "../diagnosis.ts";
import type { Asked, HubFacts, LoginFacts, PullPathFacts, Seen } from "../facts.ts";

/** Whether a deploy would find credentials for docker.io, and the right ones. */
export function judgeCredentials(login: Seen<LoginFacts>, { account, registryAuth }: Asked): Finding {
  if (!registryAuth) return ok("not asked for: the run deploys without registry auth");
  const logIn = `docker login -u ${shellWord(account)}, as the login user on the host`;
  if ("unseen" in login) return unknown(`credentials cannot be looked up: ${login.unseen}`, logIn);
  switch (login.seen.kind) {
    case "none":
      return problem(
        "the login user has no credentials for docker.io: every pull would be anonymous",
        `${logIn}; or --no-registry-auth`,
      );
    case "unusable":
      return problem(`no credentials for docker.io by ${login.seen.by}: ${login.seen.why}`, logIn);
    case "identity token":
      return unknown(
        `${login.seen.by} holds an identity token, which does not say of which account`,
        `${logIn}, with a personal access token`,
      );
    case "found": {
      const { account: found, by } = login.seen;
      if (found.toLowerCase() === account.toLowerCase()) return ok(`user ${found}, by ${by}`);
      return warning(
        `user ${found}, by ${by}; the settings name ${account}, and PC2.1 is judged by that name`,
        `set account: ${found} in pullproof.yaml, or ${logIn}`,
      );
    }
  }
}

/** Whether docker.io answers, and takes the login. */
export function judgeHub(hub: Seen<HubFacts>, { registryAuth }: Asked): Finding {
  if ("unseen" in hub)
    return unknown(
      `docker.io could not be asked from this machine: ${hub.unseen}`,
      "curl --head https://auth.docker.io/token, here and on the host",
    );
  const { tokenStatus: status, as } = hub.seen;
  // What it answers to nobody says nothing of the pulls, which would not be nobody's.
  if (registryAuth && as === null)
    return unknown("whether docker.io takes a login could not be tried without one", "see credentials above");
  const whom = as === null ? "nobody's name" : `the name of ${as}`;
  switch (status) {
    case 200:
      return ok(as === null ? "answers without a login, as the run needs it" : `takes the login of ${as}`);
    case 401:
    case 403:
      return as === null
        ? problem(
            `docker.io refuses requests in nobody's name (${status})`,
            "log in: docker login, on the host",
          )
        : problem(
            `docker.io refuses the login of ${as} (${status}): its access token is wrong, expired or revoked`,
            `make a new personal access token at https://app.docker.com/settings, then docker login -u ${shellWord(as)} on the host`,
          );
    case 429:
      return problem(
        `docker.io refuses requests in ${whom} for now (429): there were too many`,
        waitFor(hub.seen.retryAfterSeconds),
      );
    default:
      return unknown(
        `docker.io answers ${status} to requests in ${whom}`,
        "https://www.dockerstatus.com, then run pullproof doctor again",
      );
  }
}

/** Whether enough pulls are left for the run. Docker Hub counts each manifest GET, over a rolling window. */
export function judgeBudget(hub: Seen<HubFacts>, { pulls, registryAuth }: Asked, now: number): Finding {
  const asked = "unseen" in hub ? null : hub.seen;
  if (asked === null || asked.manifestStatus === null || (registryAuth && asked.as === null))
    return unknown("the pull budget could not be asked for", "see docker.io above");
  const { manifestStatus, retryAfterSeconds, limits, as } = asked;
  const { limit, remaining, windowSeconds } = limits;
  const whose = as === null ? "this machine's address" : as;
  const window =
    windowSeconds === null
      ? ""
      : `; the window is ${formatAge(windowSeconds * 1000)}, so all is back by ${new Date(now + windowSeconds * 1000).toISOString()} at the latest`;
  if (manifestStatus === 429 || remaining === 0)
    return problem(
      `the pull budget of ${whose} is exhausted (${remaining ?? "unknown"} of ${limit ?? "unknown"} left)${window}`,
      waitFor(retryAfterSeconds),
    );
  if (manifestStatus !== 200)
    return unknown(`the registry answers ${manifestStatus}`, "https://www.dockerstatus.com");
  if (remaining === null)
    return warning(
      `docker.io tells no pull limit for ${whose}: it has none, as paid accounts, or it is not known; the counters cannot witness as whom pulls run`,
      "none, where the account is a paid one",
    );
  const left = `${remaining} of ${limit ?? "unknown"} pulls left for ${whose}`;
  if (pulls !== null && remaining < pulls)
    return problem(
      `${left}, and the plan may take ${pulls}${window}`,
      "wait, take fewer --samples, or log in with an account that has more",
    );
  return ok(pulls === null ? left : `${left}, the plan takes ${count(pulls, "pull")} at most`);
}

function waitFor(seconds: number | null): string {
  return seconds === null ? "wait, then run pullproof doctor again" : `wait ${formatAge(seconds * 1000)}`;
}

/** Whether the engine asks docker.io itself. What stands between does not hinder a run: it makes G3 fail. */
export function judgePullPath(path: Seen<PullPathFacts>): Finding {
  if ("unseen" in path)
    return unknown(`the pull path cannot be looked at: ${path.unseen}`, "docker info, on the host");
  const { mirrors, proxies, hostsFiles, preferOffline, insecure } = path.seen;
  const lists = { mirror: mirrors, proxy: proxies, "hosts file": hostsFiles };
  const set = [
    ...Object.entries(lists).flatMap(([name, values]) => (values ?? []).map((value) => `${name} ${value}`)),
    ...(preferOffline ? ["DOCKER_SERVICE_PREFER_OFFLINE_IMAGE is set for the engine"] : []),
    ...(insecure ? ["docker.io is among the insecure registries"] : []),
  ];
  const unread = Object.entries({ ...lists, "prefer-offline switch": preferOffline }).flatMap(
    ([name, value]) => (value === null ? [name] : []),
  );
  const unreadWords = `not readable by the login user, so unknown: ${list(unread, unread.length)}`;
  if (set.length > 0)
    return warning(
      [`between the engine and docker.io: ${list(set)}`, ...(unread.length > 0 ? [unreadWords] : [])].join(
        "; ",
      ),
      "remove it: a real pull path (G3) has nothing of the kind",
    );
  if (unread.length > 0) return unknown(unreadWords, "log in as root: without it a run cannot judge G3");
  return ok("no mirror, proxy, hosts file or prefer-offline switch");
}
