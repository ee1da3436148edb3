import { realpath } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';

/** The workflow folders, with symbolic links resolved: nothing outside of them is ever read. */
export interface RootFolders {
  /** Absolute, as configured; the earlier wins. */
  readonly paths: readonly string[];
  /** Whether a path with all links resolved lies inside one of the folders. */
  contains(realPath: string): boolean;
  /** How diagnostics call a file: relative to its workflows folder, with forward slashes. */
  display(path: string): string;
}

/** Folders that do not exist stay in the list: they may appear later. */
export async function openRootFolders(roots: readonly string[]): Promise<RootFolders> {
  const paths = roots.map((root) => resolve(root));
  const realPaths = await Promise.all(paths.map((path) => realpath(path).catch(() => path)));
  return {
    paths,
    contains: (realPath) => realPaths.some((root) => isInside(root, realPath)),
    display(path) {
      const root = [...paths, ...realPaths].find((candidate) => isInside(candidate, path));
      return root === undefined ? path : relative(root, path).split(sep).join('/');
    },
  };
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
