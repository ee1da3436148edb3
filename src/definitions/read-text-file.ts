import { isUtf8 } from 'node:buffer';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readlink, realpath } from 'node:fs/promises';
import type { RootFolders } from './root-folders.ts';
import { createTextFile, type TextFile } from './text-file.ts';

export type ReadProblem = 'missing' | 'outside' | 'not-a-file' | 'too-large' | 'not-text' | 'unreadable';

export type ReadOutcome =
  | { readonly ok: true; readonly file: TextFile }
  | { readonly ok: false; readonly problem: ReadProblem };

export interface ReadTextFileParams {
  /** Absolute. */
  readonly path: string;
  readonly roots: RootFolders;
  readonly bytesMax: number;
}

/**
 * Reads a regular file inside the workflow folders, and nothing else: neither what a symbolic link outside
 * leads to, nor a pipe or device, nor what is put in the place of the file after it was checked.
 */
export async function readTextFile({ path, roots, bytesMax }: ReadTextFileParams): Promise<ReadOutcome> {
  let handle: FileHandle | undefined;
  try {
    const real = await realpath(path);
    if (!roots.contains(real)) return { ok: false, problem: 'outside' };
    // Looked at before it is opened: opening a device may have effects.
    if (!(await lstat(real)).isFile()) return { ok: false, problem: 'not-a-file' };
    handle = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const opened = await handle.stat();
    if (!opened.isFile()) return { ok: false, problem: 'not-a-file' };
    if (!roots.contains(await openedPath(handle, real))) return { ok: false, problem: 'outside' };
    if (opened.size > bytesMax) return { ok: false, problem: 'too-large' };
    const bytes = await readAtMost(handle, Math.min(opened.size, bytesMax) + 1);
    if (bytes.length > bytesMax) return { ok: false, problem: 'too-large' };
    if (!isUtf8(bytes) || bytes.includes(0)) return { ok: false, problem: 'not-text' };
    const text = bytes.toString('utf8');
    const hasByteOrderMark = text.startsWith('\uFEFF');
    return {
      ok: true,
      file: createTextFile({
        path,
        realPath: real,
        display: roots.display(path),
        text: hasByteOrderMark ? text.slice(1) : text,
        hasByteOrderMark,
      }),
    };
  } catch (error) {
    return { ok: false, problem: problemOf(error) };
  } finally {
    await handle?.close();
  }
}

/**
 * Where the opened file really is. A folder on the way may have been swapped for a link since the path was
 * resolved, and back again: Linux knows the file by its handle; elsewhere the path is resolved once more.
 */
async function openedPath(handle: FileHandle, path: string): Promise<string> {
  try {
    return await readlink(`/proc/self/fd/${handle.fd}`);
  } catch {
    return realpath(path);
  }
}

/** Reads from the handle, not from the path; a file that grows meanwhile is cut off. */
async function readAtMost(handle: FileHandle, bytesMax: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytesMax);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

function problemOf(error: unknown): ReadProblem {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
    // A path with NUL, or one that is too long, names no file.
    case 'ERR_INVALID_ARG_VALUE':
    case 'ENAMETOOLONG':
      return 'missing';
    case 'ELOOP':
      return 'outside';
    default:
      return 'unreadable';
  }
}
