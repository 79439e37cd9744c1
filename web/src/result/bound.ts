/** What a comparator other than EQUAL says before a value. */
const WORDS: Record<string, string> = {
  MORE_THAN: "more than",
  AT_LEAST: "at least",
  LESS_THAN: "less than",
  AT_MOST: "at most",
  ABOUT: "about",
  NEARLY: "nearly",
  UNKNOWN: "in an unknown relation to",
};

/** The words for a comparator that makes a value less than exact; empty for an exact one. */
export function boundOf(comparator: unknown): string {
  return typeof comparator === "string" ? (WORDS[comparator] ?? "") : "";
}
