import { type ClaimId, claimIds, criteria, criterionOf } from "../model/claim.ts";
import { ExitCode, Failure } from "../model/failure.ts";
import type { Settings } from "./settings.ts";

/** What a live host is asked about where nothing is named: no claim that takes harm to judge, which labs are for. */
const liveClaims: readonly ClaimId[] = ["PC1.4", "PC2.1", "PC2.2", "PC2.4", "PC3.1", "G3"];

/** The claims that a run judges where none is named. */
function usualClaims({ hosts, allowPrune, allowReboot, audit, documents }: HostSettings): readonly ClaimId[] {
  if (hosts.some((kind) => kind !== "live")) return claimIds;
  const allowed: ClaimId[] = [
    ...liveClaims,
    ...(allowPrune ? (["PC1.1"] as const) : []),
    ...(allowReboot ? (["PC2.3"] as const) : []),
    ...(audit.length > 0 ? (["PC1.5"] as const) : []),
    ...(documents.length > 0 ? (["PC3.4"] as const) : []),
  ];
  return claimIds.filter((id) => allowed.includes(id));
}

type HostSettings = Pick<Settings, "hosts" | "allowPrune" | "allowReboot" | "audit" | "documents">;

/**
 * The claims that `--only` and `--skip` leave. Each names claims (`PC2.1`) or criteria (`PC2`), separated by
 * commas. Throws a Failure (usage) for a name that is neither, and when nothing is left.
 */
export function selectClaims(
  only: string | undefined,
  skip: string | undefined,
  settings: HostSettings,
): ClaimId[] {
  const kept = only === undefined ? usualClaims(settings) : claimsNamed("--only", only);
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
