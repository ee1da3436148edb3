/** The candidate that a misspelt name most likely means; undefined where none is close. */
export function nearestName(candidates: readonly string[], name: string): string | undefined {
  const distances = candidates.map((candidate) => ({
    candidate,
    distance: editDistance(candidate.toLowerCase(), name.toLowerCase().slice(0, 100)),
  }));
  const nearest = distances.sort((one, other) => one.distance - other.distance)[0];
  if (nearest === undefined) return undefined;
  const tolerated = Math.max(2, Math.floor(nearest.candidate.length / 3));
  return nearest.distance <= tolerated ? nearest.candidate : undefined;
}

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
