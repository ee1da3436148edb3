import { realpathSync, statSync } from 'node:fs';

/** What a path led to when it was looked at. Equal signatures: the same file with the same content. */
export interface FileSignature {
  readonly path: string;
  readonly signature: string;
  /**
   * Whether a later change is certain to show in the signature. A file that was written a moment ago may be
   * written again within the same tick of the file system's clock, without a trace.
   */
  readonly settled: boolean;
}

/** More than one tick of the clocks that file systems in use today stamp changes with. */
const SETTLING_MS = 100;
const ABSENT = 'absent';

/**
 * Looks at a path, following symbolic links. Synchronous on purpose: for a handful of files it is ten times
 * cheaper than a round trip through the thread pool, and it runs on each look-up of a workflow.
 *
 * @param nowMs the time on the clock that stamps files, in milliseconds since 1970
 */
export function signFile(path: string, nowMs: number): FileSignature {
  try {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (stats === undefined) return { path, signature: ABSENT, settled: true };
    const { dev, ino, size, mtimeNs, ctimeNs } = stats;
    const ages = [mtimeNs, ctimeNs].map((stamp) => Math.abs(nowMs - Number(stamp / 1_000_000n)));
    const signature = [realpathSync.native(path), dev, ino, size, mtimeNs, ctimeNs].join('|');
    return { path, signature, settled: Math.min(...ages) > SETTLING_MS };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    return { path, signature: `unreadable: ${code}`, settled: true };
  }
}

/** Whether the path still leads to the same content as when it was signed. */
export function isUnchanged(signed: FileSignature, nowMs: number): boolean {
  return signed.settled && signFile(signed.path, nowMs).signature === signed.signature;
}
