import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import type { Plugin } from 'esbuild';
import { bundle } from '../../src/dev/build.mjs';
import type { Mutant } from './mutants.ts';

const SRC = resolve('src');

/** The program, or the rooms of the engine, bundled like the product but with failpoints that can be armed. */
export interface FaultyBuild {
  /** What `node` runs instead of `dist/main.mjs`. */
  readonly serverFile: string;
  readonly migrationsFolder: string;
  engineRoom(): Promise<typeof import('./engine-room.ts')>;
  maintenanceRoom(): Promise<typeof import('./maintenance-room.ts')>;
  sandboxRoom(): Promise<typeof import('./sandbox-room.ts')>;
  hubProcess(): Promise<typeof import('./hub-process.ts')>;
  /** What a runner of scripts starts its threads with. */
  readonly sandboxWorkerFile: string;
  dispose(): Promise<void>;
}

export interface FaultyBuildParams {
  /** The whole program, or the rooms that a campaign in one process needs. */
  readonly entry:
    | 'program'
    | 'engine-room'
    | 'contender'
    | 'maintenance-room'
    | 'sandbox-room'
    | 'hub-process'
    | 'script-process';
  readonly mutant?: Mutant | undefined;
}

const ENTRIES = {
  program: 'src/main.ts',
  'engine-room': 'test/support/engine-room.ts',
  contender: 'test/support/contender.ts',
  'maintenance-room': 'test/support/maintenance-room.ts',
  'sandbox-room': 'test/support/sandbox-room.ts',
  'hub-process': 'test/support/hub-process.ts',
  'script-process': 'test/support/script-process.ts',
} as const;

/** What else the bundle of the product has beside the program. */
const SANDBOX_WORKER = 'src/sandbox/guest/sandbox-worker.ts';

/** Throws when a mutant's text is not in the sources, once: a defect that was not planted proves nothing. */
export async function buildFaulty({ entry, mutant }: FaultyBuildParams): Promise<FaultyBuild> {
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-faulty-'));
  const outdir = join(folder, 'dist');
  await mkdir(outdir);
  // Packages that are not bundled are looked for beside the program.
  await symlink(resolve('node_modules'), join(folder, 'node_modules'));
  const planted = new Set<string>();
  await bundle({
    entryPoints: [ENTRIES[entry], SANDBOX_WORKER].map((file) => resolve(file)),
    outdir,
    plugins: [armFailpoints, plant(mutant, planted)],
  });
  const missing = (mutant?.patches ?? []).filter(({ replace }) => !planted.has(replace));
  if (missing.length > 0) throw new Error(`Not planted: ${missing.map(({ replace }) => replace).join(', ')}`);
  return {
    serverFile: join(outdir, `${entry === 'program' ? 'main' : entry}.mjs`),
    migrationsFolder: join(outdir, 'migrations', 'sqlite'),
    engineRoom: () => import(join(outdir, 'engine-room.mjs')),
    maintenanceRoom: () => import(join(outdir, 'maintenance-room.mjs')),
    sandboxRoom: () => import(join(outdir, 'sandbox-room.mjs')),
    hubProcess: () => import(join(outdir, 'hub-process.mjs')),
    sandboxWorkerFile: join(outdir, 'sandbox-worker.mjs'),
    dispose: () => rm(folder, { recursive: true, force: true }),
  };
}

const armFailpoints: Plugin = {
  name: 'arm-failpoints',
  setup(bundler) {
    bundler.onResolve({ filter: /domain\/failpoint\.ts$/ }, () => ({
      path: resolve('test/support/armed-failpoint.ts'),
    }));
  },
};

function plant(mutant: Mutant | undefined, planted: Set<string>): Plugin {
  return {
    name: 'plant-defect',
    setup(bundler) {
      bundler.onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, async ({ path }) => {
        const file = relative(SRC, path);
        const patches = mutant?.patches.filter((patch) => patch.file === file) ?? [];
        if (patches.length === 0) return undefined;
        let text = await readFile(path, 'utf8');
        for (const { replace, by } of patches) {
          if (text.split(replace).length !== 2) continue;
          text = text.replace(replace, () => by);
          planted.add(replace);
        }
        return { contents: text, loader: 'ts' };
      });
    },
  };
}
