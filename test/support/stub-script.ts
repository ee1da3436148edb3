import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ScriptEntry } from '../../src/ai/stub/script-entry.ts';
import type { Scratch } from './scratch.ts';

/** As good as always. */
export const ALWAYS = 1_000_000;
/** Longer than any test waits: whoever is asked this hangs until it is stopped. */
export const FOREVER_MS = 3_600_000;

/** What a server is started with to have the stub work on tasks by this script. */
export async function stubEnv(
  { folder }: Pick<Scratch, 'folder'>,
  script: readonly ScriptEntry[] = [],
): Promise<Readonly<Record<string, string>>> {
  const file = join(folder, 'stub-script.json');
  await writeFile(file, JSON.stringify(script));
  return { ORCHESTRATOR_TOOLSETS: 'tasks', USE_STUB_AI_CLIENT: 'true', STUB_AI_SCRIPT: file };
}
