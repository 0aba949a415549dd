import { print } from "../cli/terminal.ts";
import { renderRules } from "../report/audit-rules.ts";
import { judgeCorpus, renderCorpus } from "./corpus.ts";

print(`${renderRules()}\n\n${renderCorpus(await judgeCorpus())}`);
