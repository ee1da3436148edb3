import { suggestion as nearestSuggestion } from '../../domain/nearest-name.ts';

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
  return nearestSuggestion(names, unknown);
}
