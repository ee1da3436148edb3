import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export interface StoreProcess {
  /** Lets it begin; until then it only has its modules loaded. */
  go(): void;
  /** Each line that it writes, as it comes. */
  readonly lines: AsyncIterable<string>;
  /** `kill -9`. */
  kill(): void;
  readonly ended: Promise<{
    readonly code: number | null;
    readonly signal: NodeJS.Signals | null;
    readonly stderr: string;
  }>;
}

/** Starts a real process that plays a role of `store-roles.ts`; resolves when it stands ready. */
export async function startStoreProcess(role: string, ...args: readonly string[]): Promise<StoreProcess> {
  const script = fileURLToPath(new URL('store-roles.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, role, ...args]);
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Awaited<StoreProcess['ended']>>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, stderr }));
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ready = await lines.next();
  if (ready.value !== 'ready') throw new Error(`The process did not get ready: ${stderr}`);
  return {
    go: () => child.stdin.end('go\n'),
    lines: { [Symbol.asyncIterator]: () => lines },
    kill: () => child.kill('SIGKILL'),
    ended,
  };
}
