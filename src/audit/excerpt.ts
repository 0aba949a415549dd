/** Characters of a line that a finding shows. */
const most = 200;

/** Values that follow a word for a secret, and what stands between. */
const assigned =
  /((?:pass(?:word|wd|phrase)?|secret|token|api[-_]?key|auth(?:orization)?|credentials?|private[-_]?key)\w*["']?\s*(?:[=:]\s*|\s(?=["']))(?:(?:bearer|basic)\s+)?)(["']?)[^\s"',;]+\2/gi;

/** Obvious credentials in a text become `***`: values of passwords and tokens, the user of a URL, known kinds of tokens. */
export function maskCredentials(text: string): string {
  return text
    .replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/@"']+@/gi, "$1***@")
    .replace(assigned, "$1***")
    .replace(
      /((?:^|\s)(?:-p|--password|-u|--user|--token|sshpass -p)[= ]?)(["']?)[^\s"']+\2(?=.*\b(?:login|curl|sshpass)\b)/g,
      "$1***",
    )
    .replace(
      /(\b(?:login|curl|sshpass)\b.*?\s(?:-p|--password|-u|--user|--token)[= ]?)(["']?)[^\s"']+\2/g,
      "$1***",
    )
    .replace(/\b(?:gh[pousr]_|glpat-|dckr_pat_|xox[abp]-|AKIA)[\w-]{8,}/g, "***");
}

/** What a finding shows of its line: without indentation and credentials, and not too much of it. */
export function excerptOf(line: string): string {
  const masked = maskCredentials(line.trim());
  return masked.length <= most ? masked : `${masked.slice(0, most - 1)}…`;
}
