const NAME_CHARS_MAX = 200;

/** What a server cannot be called, and why; undefined for a name that is one. Clients show names, each on one line. */
export function serverNameProblem(name: string): string | undefined {
  if (name === '') return 'The name is empty.';
  if (name.length > NAME_CHARS_MAX) return `The name has more than ${NAME_CHARS_MAX} characters.`;
  if (/[\p{Cc}\p{Surrogate}]/u.test(name))
    return 'The name has control characters in it, such as a line break.';
  return undefined;
}
