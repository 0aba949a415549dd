import { type ClaimId, claimIds, criteria, criterionOf } from "../model/claim.ts";
import { ExitCode, Failure } from "../model/failure.ts";

/**
 * The claims that `--only` and `--skip` leave. Each names claims (`PC2.1`) or criteria (`PC2`), separated by
 * commas. Throws a Failure (usage) for a name that is neither, and when nothing is left.
 */
export function selectClaims(only: string | undefined, skip: string | undefined): ClaimId[] {
  const kept = only === undefined ? claimIds : claimsNamed("--only", only);
  const dropped = skip === undefined ? [] : claimsNamed("--skip", skip);
  const left = kept.filter((id) => !dropped.includes(id));
  if (left.length > 0) return left;
  throw new Failure(ExitCode.usage, {
    what: "no claim is left to judge",
    seen: `--only ${only ?? "(all)"} --skip ${skip ?? "(none)"}`,
    next: "leave out --skip, or skip less",
  });
}

function claimsNamed(option: string, list: string): ClaimId[] {
  const names = list
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  for (const name of names) {
    if (!claimIds.includes(name as ClaimId) && !Object.hasOwn(criteria, name)) {
      throw new Failure(ExitCode.usage, {
        what: "there is no such claim or criterion",
        seen: `${option} ${name}`,
        next: `name criteria (${Object.keys(criteria).join(", ")}) or claims (${claimIds.join(", ")})`,
      });
    }
  }
  return claimIds.filter((id) => names.includes(id) || names.includes(criterionOf(id)));
}
