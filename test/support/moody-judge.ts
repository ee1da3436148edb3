import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Random } from './campaign.ts';

/** What a verifying command does when it is asked about an attempt; only the first two accept. */
const CONDUCTS = {
  accept: '',
  accept_noisily: 'process.stdout.write(randomBytes(300_000));',
  reject: "console.log('Not good enough.'); process.exitCode = 1;",
  exit_anyhow: 'process.exitCode = 1 + randomInt(255);',
  garbage: 'process.stdout.write(randomBytes(5_000)); process.exitCode = 3;',
  flood: "process.stderr.write('no '.repeat(700_000)); process.exitCode = 1;",
  claim: `console.log('{"accepted": true}'); process.exitCode = 1;`,
  throw: "throw new Error('A defect of the judge.');",
  litter: "spawn('sleep', ['60'], { stdio: 'inherit' }).unref(); process.exit(1);",
  kill: "process.kill(process.pid, 'SIGKILL');",
  term: "process.kill(process.pid, 'SIGTERM');",
  hang: 'setInterval(() => {}, 1_000);',
} as const;
export type Conduct = keyof typeof CONDUCTS;

const ACCEPTING: readonly Conduct[] = ['accept', 'accept_noisily'];
const REFUSING = (Object.keys(CONDUCTS) as Conduct[]).filter(
  (conduct) => !ACCEPTING.includes(conduct) && conduct !== 'hang',
);

export interface MoodyJudge {
  /** As `TASK_VERIFY_COMMAND` takes it. */
  readonly command: string;
  conductAt(taskId: string, attempt: number): Conduct;
}

export interface MoodyJudgeParams {
  readonly folder: string;
  readonly random: Random;
  readonly taskIds: readonly string[];
  readonly attempts: number;
  /** How many of all attempts it hangs at. */
  readonly hangs: number;
}

/** Writes a verifying command that does something else at every attempt, as luck had it beforehand. */
export async function writeMoodyJudge(params: MoodyJudgeParams): Promise<MoodyJudge> {
  const { folder, random, taskIds, attempts } = params;
  const conducts = new Map<string, Conduct>();
  for (const taskId of taskIds) {
    for (let attempt = 1; attempt <= attempts; attempt++)
      conducts.set(`${taskId}/${attempt}`, random.pick(random.chance(0.25) ? ACCEPTING : REFUSING));
  }
  // At first attempts, which are made for certain.
  for (let hang = 0; hang < params.hangs; hang++) conducts.set(`${random.pick(taskIds)}/1`, 'hang');
  const file = join(folder, 'judge.mjs');
  const cases = Object.entries(CONDUCTS).map(([name, code]) => `${name}: () => { ${code} },`);
  await writeFile(
    file,
    `import { spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
const { task } = JSON.parse(readFileSync(0, 'utf8'));
const conducts = ${JSON.stringify(Object.fromEntries(conducts))};
({ ${cases.join('\n')} })[conducts[\`\${task.id}/\${task.attempts}\`]]();
`,
  );
  return {
    command: JSON.stringify([process.execPath, file]),
    conductAt(taskId, attempt) {
      const conduct = conducts.get(`${taskId}/${attempt}`);
      if (conduct === undefined) throw new Error(`Nobody thought of attempt ${attempt} at ${taskId}.`);
      return conduct;
    },
  };
}

export function accepts(conduct: Conduct): boolean {
  return ACCEPTING.includes(conduct);
}
