import { dirname, resolve } from 'node:path';

export type PathOutcome =
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly problem: string };

/**
 * Resolves a path that a workflow file names. Only the form is judged here; whether the path leaves the
 * workflow folders is judged by where it really leads, when it is read.
 *
 * @param from the absolute path of the file that names it
 */
export function resolveRelative(from: string, written: string): PathOutcome {
  if (written === '') return { ok: false, problem: 'Unexpected empty path, expected a relative one' };
  if (written.includes('\0')) return { ok: false, problem: 'Unexpected NUL in a path' };
  if (written.includes('\\'))
    return { ok: false, problem: `Unexpected backslash in "${written}", expected forward slashes` };
  if (written.startsWith('/') || /^[a-z]:/i.test(written))
    return { ok: false, problem: `Unexpected absolute path "${written}", expected a relative one` };
  return { ok: true, path: resolve(dirname(from), written) };
}
