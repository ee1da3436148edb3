import { afterAll } from 'vitest';
import { createRandom, FULL, type Random, reportFigures, SEED } from '../support/campaign.ts';
import { buildFaulty } from '../support/faulty-build.ts';
import type { Mutant } from '../support/mutants.ts';

/** How much a campaign does, and with which luck. */
export interface Campaign {
  readonly seed: number;
  readonly random: Random;
  /** How often something is done, in the short form and in the full one. */
  times(short: number, full: number): number;
  report(figures: Readonly<Record<string, unknown>>): void;
}

export function startCampaign(name: string): Campaign {
  // Before anything happens, so that a failure can be repeated.
  reportFigures(name, { begins: true });
  return {
    seed: SEED,
    random: createRandom(SEED),
    times: (short, full) => (FULL ? full : short),
    report: (figures) => reportFigures(name, figures),
  };
}

/**
 * A campaign looks for violations and returns them, so that the same code can be held against the product, where it
 * must find none, and against a program with a planted defect, where it must find some.
 */
export type Violations = readonly string[];

/** The file of a program with the defect in it; it goes away with the tests of the file. */
export async function plantedProgram(mutant: Mutant): Promise<string> {
  const build = await buildFaulty({ entry: 'program', mutant });
  builds.push(build.dispose);
  return build.serverFile;
}

/** The modules of the engine with the defect in them. */
export async function plantedEngineRoom(mutant: Mutant): Promise<typeof import('../support/engine-room.ts')> {
  const build = await buildFaulty({ entry: 'engine-room', mutant });
  builds.push(build.dispose);
  return build.engineRoom();
}

/** The sandbox as it is bundled, with the defect in it or without one. */
export async function sandboxRoom(mutant?: Mutant): Promise<SandboxRoom> {
  const build = await buildFaulty({ entry: 'sandbox-room', mutant });
  builds.push(build.dispose);
  const { createQuickjsRunner } = await build.sandboxRoom();
  return { createQuickjsRunner, workerFile: build.sandboxWorkerFile };
}

export type SandboxRoom = typeof import('../support/sandbox-room.ts') & { readonly workerFile: string };

const builds: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const dispose of builds.splice(0)) await dispose();
});
