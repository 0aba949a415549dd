/** What a night adds to its run's folder. */
export const nightFiles = {
  record: "nightly.json",
  trend: "trend.md",
  chart: "trend.svg",
  junit: "junit.xml",
  ctrf: "ctrf.json",
} as const;
