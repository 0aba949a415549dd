import { describe, expect, it } from "vitest";
import { dockerHostProblem } from "../../../src/config/docker-host.ts";

describe("dockerHostProblem", () => {
  it.each([
    "unix:///var/run/docker.sock",
    "ssh://server",
    "ssh://root@server.example:2222",
    "ssh://root@server/",
    "ssh://root@10.0.0.7",
    "ssh://root@[2001:db8::7]:22",
    "ssh://deploy_user.x@my-alias",
  ])("has nothing against %s", (url) => {
    expect(dockerHostProblem(url)).toBeNull();
  });

  it.each([
    "",
    "server",
    "unix://docker.sock",
    "unix:///",
    "tcp://server:2375",
    "http://server",
    "ssh://",
    "ssh://server:port",
    "ssh://server/var/run/docker.sock",
    "ssh://server?x=1",
    "ssh://server#x",
    "ssh://-oProxyCommand=id",
    "ssh://-v",
    "ssh://-v@server",
    "ssh://-oProxyCommand%3Did@server",
    "ssh://root;id@server",
    "ssh://$(id)@server",
    "ssh://a b@server",
    "ssh://server\n",
    "unix:///run/\u001b[2J",
    "ssh://root@ser\u202ever",
  ])("refuses %j", (url) => {
    expect(dockerHostProblem(url)).toMatch(/^expected /);
  });

  it.each([
    "ssh://root:hunter2@server",
    "ssh://:hunter2@server",
    "tcp://root:hunter2@server",
    "ssh://root:hun/ter2@x",
  ])("does not repeat the password of %s", (url) => {
    const problem = dockerHostProblem(url);
    expect(problem).toMatch(/:\*\*\*@/);
    expect(problem).not.toMatch(/hun/);
  });
});
