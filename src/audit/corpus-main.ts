import { print } from "../cli/terminal.ts";
import { judgeCorpus, renderCorpus } from "./corpus.ts";

print(renderCorpus(await judgeCorpus()));
