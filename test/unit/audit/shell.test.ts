import { describe, expect, it } from "vitest";
import { rulesIn } from "./findings.ts";

const text = (...lines: string[]) => lines.join("\n");

describe("a shell script", () => {
  it.each<[string, string, string[]]>([
    [
      "behind sudo, env, nice and timeout",
      "sudo -E env A=b nice -n 5 timeout -k 1 60 docker image prune -af",
      ["PP101 1"],
    ],
    ["in bash -c", "bash -ec 'set -u; docker image prune -af'", ["PP101 1"]],
    ["in a shell's text on a line of its own", text("bash -c '", "docker image prune -af", "'"), ["PP101 2"]],
    ["by eval", 'eval "docker image prune -af"', ["PP101 1"]],
    ["on another host", "ssh -p 22 -i key host sudo docker image prune -af", ["PP101 1"]],
    ["from a here-document for a shell", text("bash <<EOF", "docker image prune -af", "EOF"), ["PP101 2"]],
    ["from an echo for a shell", "echo 'docker image prune -af' | ssh host", ["PP101 1"]],
    ["in a trap", "trap 'docker image prune -af' EXIT", ["PP101 1"]],
    ["in a condition", text("if docker image prune -af", "then :", "fi"), ["PP101 1"]],
    ["in a case", text('case "$1" in', "a) docker image prune -af ;;", "esac"), ["PP101 2"]],
    ["in the background", "docker image prune -af &", ["PP101 1"]],
    ["in a substitution", 'freed="$(docker image prune -af | tail -n 1)"', ["PP101 1"]],
    ["in backticks within backticks", "echo `echo \\`docker image prune -af\\``", ["PP101 1"]],
    ["in a test", '[ -z "$(docker image prune -af)" ]', ["PP101 1"]],
    ["with a default for the program", `\${DOCKER:-docker} image prune -af`, ["PP101 1"]],
    ["by $(which docker)", "$(which docker) image prune -af", ["PP101 1"]],
    ["with flags that were put together", text("F=-a", 'F="$F -f"', "docker image prune $F"), ["PP101 3"]],
    ["with flags that are exported", text("export F=-af", "docker image prune $F"), ["PP101 2"]],
    [
      "by a function that hands its arguments on",
      text('d() { docker "$@"; }', "d image prune -af"),
      ["PP101 2"],
    ],
    [
      "by a function that runs its arguments",
      text('run() { echo "$*"; "$@"; }', "run docker image prune -af"),
      ["PP101 2"],
    ],
    ["by a harness's own runner", "run_quietly docker image prune -af", ["PP101 1"]],
    ["by find -exec", "find . -name x -exec docker rmi app:1 ;", ["PP204 1"]],
    [
      "in a script that is written",
      text("cat > /usr/local/bin/x.sh <<'E'", "docker image prune -af", "E"),
      ["PP101 2"],
    ],
    [
      "in a unit that is written",
      text("tee /etc/systemd/system/x.service <<E", "[Service]", "ExecStart=docker image prune -af", "E"),
      ["PP101 3"],
    ],
    ["twice on a line, told once", "docker image prune -af; docker image prune -af", ["PP101 1"]],
    [
      "twice, on lines of their own",
      text("docker image prune -af", "docker image prune -af"),
      ["PP101 1", "PP101 2"],
    ],
    ["before a syntax error", text("docker image prune -af", "if ( then"), ["PP101 1"]],
  ])("is read: %s", (_, script, expected) => {
    expect(rulesIn("shell", script)).toEqual(expected);
  });

  it.each<[string, string]>([
    ["a comment", "true # docker image prune -af"],
    ["a text that is printed", 'echo "docker image prune -af"'],
    ["a text that is printed into a file that nobody runs", "echo 'docker image prune -af' > notes.txt"],
    ["a here-document that is printed", text("cat <<EOF", "docker image prune -af", "EOF")],
    ["a variable that nobody uses", 'X="docker image prune -af"'],
    ["a pattern", "grep 'docker image prune -af' file"],
    ["a flag in a variable of which only the name is known", "docker container prune $FLAGS"],
    ["a variable in single quotes", text("F='rmi $(docker images -q)'", 'echo "$F"')],
    ["an argument of another program", "notify 'docker image prune -af'"],
  ])("runs nothing by %s", (_, script) => {
    expect(rulesIn("shell", script)).toEqual([]);
  });

  it("is read in time however deep its texts are nested", () => {
    const deep = (levels: number): string =>
      levels === 0 ? "docker image prune -af" : `bash -c "${deep(levels - 1).replaceAll(/["\\$]/g, "\\$&")}"`;
    expect(rulesIn("shell", deep(4))).toEqual(["PP101 1"]);
    expect(rulesIn("shell", text('f() { f "$@"; }', "f docker image prune -af"))).toHaveLength(0);
    expect(rulesIn("shell", text('A="$B"', 'B="$A"', "eval $A $B"))).toEqual([]);
    const evals = text(`A='${'eval "$A";'.repeat(50)}'`, 'eval "$A"');
    // Told as a file that cannot be parsed: see audit.ts.
    expect(() => rulesIn("shell", evals)).toThrow();
    const echoes = (levels: number): string => (levels === 0 ? "x" : `echo $(${echoes(levels - 1)})`);
    expect(rulesIn("shell", echoes(40))).toEqual([]);
    expect(
      rulesIn(
        "shell",
        text(
          "A=-a",
          ..."x"
            .repeat(60)
            .split("")
            .map(() => "A=$A$A"),
          "docker image prune $A",
        ),
      ),
    ).toEqual(["PP103 62"]);
  });
});
