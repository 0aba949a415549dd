/** What the version of a contract double says in evidence, so that no report can take it for the tool it stands in for. */
export const doubleMark = "contract double, not abra";
