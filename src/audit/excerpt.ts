/** Characters of a line that a finding shows. */
const most = 200;

/** What stands in a credential's place. */
const masked = "***";

/** A word for a secret, what stands between, and the value. */
const assigned =
  /((?:pass(?:word|wd|phrase)?|secret|token|api[-_]?key|auth(?:orization)?|credentials?|private[-_]?key)\w*["']?\s*(?:=>|[=:])\s*(?:(?:bearer|basic)\s+)?)(["']?)[^\s"',;]+\2/gi;

/** Programs that take credentials as options, and those options. */
const takesCredentials = /\b(login|curl|wget|sshpass)\b/;
const options = /(\s(?:-p|--password|-u|--user|--token)(?:=|\s+)?)(["']?)[^\s"']+\2/g;

/** Tokens whose beginning says what they are: GitHub's, GitLab's, Docker Hub's, Slack's, Amazon's. */
const knownTokens = /\b(?:gh[pousr]_|glpat-|dckr_pat_|xox[abp]-|AKIA)[\w-]{8,}/g;

/** Obvious credentials in a text become `***`: the user of a URL, values of passwords and tokens, known tokens. */
export function maskCredentials(text: string): string {
  const plain = text
    .replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/@"']+@/gi, `$1${masked}@`)
    .replace(assigned, `$1${masked}`)
    .replace(knownTokens, masked);
  return takesCredentials.test(plain) ? plain.replace(options, `$1${masked}`) : plain;
}

/** What a finding shows of its line: without indentation and credentials, and not too much of it. */
export function excerptOf(line: string): string {
  const text = maskCredentials(line.trim());
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
