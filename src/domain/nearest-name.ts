/** Of a name; comparing longer ones would take long, and says nothing more. */
const CHARACTERS_MAX = 100;

/** The candidate that a misspelt name most likely means; undefined where none is close. */
export function nearestName(candidates: readonly string[], name: string): string | undefined {
  const wanted = folded(name);
  let nearest: { readonly candidate: string; readonly distance: number } | undefined;
  for (const candidate of candidates) {
    const known = folded(candidate);
    const tolerated = Math.max(2, Math.floor(known.length / 3));
    // Among thousands of candidates, most are ruled out by their length.
    if (Math.abs(known.length - wanted.length) > tolerated) continue;
    const distance = editDistance(known, wanted);
    if (distance <= tolerated && distance < (nearest?.distance ?? Number.POSITIVE_INFINITY))
      nearest = { candidate, distance };
  }
  return nearest?.candidate;
}

const folded = (name: string) => name.slice(0, CHARACTERS_MAX).toLowerCase();

/** "did you mean `x`?", with a space in front, or nothing. */
export function suggestion(candidates: readonly string[], name: string): string {
  const nearest = nearestName(candidates, name);
  return nearest === undefined ? '' : ` Did you mean \`${nearest}\`?`;
}

/** Levenshtein: insertions, deletions and replacements. */
function editDistance(one: string, other: string): number {
  let previous = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const replaced = (previous[column - 1] ?? 0) + (one[row - 1] === other[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[other.length] ?? 0;
}
