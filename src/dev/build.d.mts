import type { BuildResult, Plugin } from 'esbuild';

export interface BundleParams {
  /** Absolute. */
  readonly entryPoints: readonly string[];
  /** Absolute. */
  readonly outdir: string;
  /** Come before the bundle's own. */
  readonly plugins?: readonly Plugin[];
}

export function bundle(params: BundleParams): Promise<BuildResult<{ metafile: true }>>;
export function buildDist(): Promise<void>;
