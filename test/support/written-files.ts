import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryFolder } from './temporary-folder.ts';

/** Texts by path, relative to some folder. */
export type WrittenFiles = Readonly<Record<string, string | Uint8Array>>;

export function writeFiles(folder: string, files: WrittenFiles): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

/** A folder of the running test's own, with these files in it. */
export function folderOf(files: WrittenFiles): string {
  const folder = temporaryFolder();
  writeFiles(folder, files);
  return folder;
}

/**
 * Writes until the clock of the file system has moved on: what is written from now on has other stamps than
 * what was written before.
 */
export function awaitFileClock(): void {
  const probe = join(temporaryFolder(), 'probe');
  const stamp = () => {
    writeFileSync(probe, '');
    return statSync(probe, { bigint: true }).ctimeNs;
  };
  const before = stamp();
  while (stamp() === before);
}

/** The text of a step file that has what it needs. */
export function stepText(parts: { readonly guidance?: string; readonly instructions?: string } = {}): string {
  const { guidance = 'Proceed to `FINISH`.', instructions = 'Do it.' } = parts;
  return `## Orchestrator Guidance\n\n${guidance}\n\n## Client Instructions\n\n${instructions}\n`;
}
