import { documentedAs, isReference } from "../audit/command-name.ts";
import { type Checker, type Finding, fail, pass } from "./checker.ts";
import { type History, sequence } from "./history.ts";
import { count, list } from "./units.ts";

/** PC3.4. Documents are judged by the command that they name, word by word. */
export const policyIsDocumented: Checker = {
  id: "PC3.4",
  expected:
    "a document where the operators look names the judged prune command; where that is not the reference policy, a DECISIONS.md does as well",
  lacks: ({ audit }) =>
    audit === undefined || audit.data.documents.paths.length === 0
      ? "no document was named in which operators look"
      : null,
  check,
};

function check({ audit, run }: History): Finding {
  const files = audit?.data.documents.files ?? [];
  const naming = files.filter(({ namesCommand }) => namesCommand).map(({ path }) => path);
  const { policy } = run.data;
  const command = documentedAs(policy);
  const evidence = sequence(run, audit);
  if (naming.length === 0)
    return fail(
      `none of ${count(files.length, "document")} names ${command}`,
      evidence,
      `write into a document where operators look that the host prunes with \`${oneLine(command)}\``,
    );
  const decided = naming.some((path) => /(^|\/)DECISIONS\.md$/i.test(path));
  if (!isReference(policy) && !decided)
    return fail(
      `${list(naming)} names ${command}, which is not the reference policy, and no DECISIONS.md says why`,
      evidence,
      "write the deviation and its reason into DECISIONS.md, and name that file with `--documents`",
    );
  return pass(`${list(naming)} names ${command}`, evidence);
}

/** Code in a remedy has no line ends and no backticks of its own. */
const oneLine = (command: string): string => command.replace(/\s+/g, " ").replaceAll("`", "'");
