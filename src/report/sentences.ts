import { type ClaimId, type Criterion, criteria, criterionOf } from "../model/claim.ts";
import { type Judgement, severity, type Verdict, type VerdictWord, worst } from "../model/verdict.ts";

/** A criterion's verdict, in one sentence made from the verdicts on its claims. */
export interface CriterionSummary {
  id: Criterion;
  title: string;
  verdict: VerdictWord;
  sentence: string;
}

/** One summary for each criterion of which a claim was asked for, in report order. */
export function criterionSummaries(judgement: Judgement, asked: readonly ClaimId[]): CriterionSummary[] {
  return (Object.keys(criteria) as Criterion[]).flatMap((id) => {
    const claims = judgement.claims.filter(
      (claim) => criterionOf(claim.id) === id && asked.includes(claim.id),
    );
    if (claims.length === 0) return [];
    const verdict = worst(claims.map((claim) => claim.verdict));
    return [{ id, title: criteria[id], verdict, sentence: sentenceOn(claims, verdict) }];
  });
}

/** What the first of the worst claims found, and then the rest by name. */
function sentenceOn(claims: readonly Verdict[], verdict: VerdictWord): string {
  const [first, ...others] = claims.filter((claim) => claim.verdict === verdict);
  if (first === undefined) return "";
  const rest = severity.flatMap((word) => {
    const ids = (word === verdict ? others : claims.filter((claim) => claim.verdict === word)).map(
      ({ id }) => id,
    );
    return ids.length === 0 ? [] : [`${word}${word === verdict ? " too" : ""}: ${ids.join(", ")}`];
  });
  return [`${first.id}: ${beginningOf(first.found)}`, ...rest].join("; ");
}

/** The first of a claim's findings, which are told one after the other; the claim's own section has all. */
function beginningOf(found: string): string {
  const [beginning = "", ...others] = found.split("; ");
  return others.length === 0 ? beginning : `${beginning} (and ${others.length} more)`;
}

/** What to do, worst verdicts first, each remedy once with the claims that ask for it; a claim that nobody asked for has none. */
export function remedies(judgement: Judgement): { claims: ClaimId[]; remedy: string }[] {
  const open = severity
    .filter((word) => word !== "pass")
    .flatMap((word) => judgement.claims.filter(({ verdict }) => verdict === word));
  const byRemedy = Map.groupBy(open, ({ remedy }) => remedy ?? "");
  return [...byRemedy].flatMap(([remedy, claims]) =>
    remedy === "" ? [] : [{ remedy, claims: claims.map(({ id }) => id) }],
  );
}
