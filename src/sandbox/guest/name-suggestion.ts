/** What scripts reach for, because other places have it. */
const ABSENT = new Set(
  'Buffer Intl URL URLSearchParams WebAssembly __dirname crypto document exports fetch global module navigator process require setImmediate setInterval window'.split(
    ' ',
  ),
);

/** What a name that there is not may have meant: " Did you mean `server__tool`?", or nothing where none is near. */
export function suggestion(names: readonly string[], unknown: string): string {
  if (ABSENT.has(unknown))
    return ' There are the functions of the tools, console, sleep, setTimeout, and the language itself.';
  const ofServer = names.find((name) => name.startsWith(`${unknown}__`));
  if (ofServer !== undefined) return ` Did you mean a function such as \`${ofServer}\`?`;
  const wanted = lettersOf(unknown);
  const nearest = names
    .map((name) => ({ name, distance: editDistance(lettersOf(name), wanted) }))
    .reduce<{ name: string; distance: number } | undefined>(
      (best, next) => (best === undefined || next.distance < best.distance ? next : best),
      undefined,
    );
  if (nearest === undefined || nearest.distance > Math.max(2, wanted.length / 4)) return '';
  return ` Did you mean \`${nearest.name}\`?`;
}

/** Case and underscores are what is most often wrong. */
const lettersOf = (name: string) => name.toLowerCase().replaceAll('_', '').slice(0, 100);

/** Levenshtein: insertions, deletions and replacements. */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let line = 0; line < one.length; line += 1) {
    const next = [line + 1];
    for (let column = 0; column < other.length; column += 1) {
      const replaced = (row[column] ?? 0) + (one[line] === other[column] ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
