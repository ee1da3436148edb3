import { execFileSync } from 'node:child_process';
import { linkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { WorkflowPage } from '../../src/engine/listings.ts';
import type { Mutant } from '../support/mutants.ts';
import type { RawServer } from '../support/raw-server.ts';
import { createScratch, type Scratch } from '../support/scratch.ts';
import { stepText, writeFiles } from '../support/written-files.ts';
import { plantedProgram, startCampaign } from './subject.ts';

// A2: nothing outside the workflows folder is ever read, by whatever path a workflow file names it.

const campaign = startCampaign('A2 paths');

const SECRET = 'canary-outside-4c1f';
/** Where a payload stands: in a step link, in an include of the index, in an include of a step. */
const KINDS = ['LINK', 'INCLUDE', 'INNER'] as const;
const ENVIRONMENT_SECRET = 'canary-environment-88a2';

/** `swap`: what is put in the place of a file after it was checked. */
type Part = 'payloads' | 'swap';

const MUTANTS: readonly (Mutant & { readonly part: Part })[] = [
  {
    name: 'the real path is not looked at, before or after opening',
    part: 'payloads',
    patches: [
      {
        file: 'definitions/read-text-file.ts',
        replace: "if (!roots.contains(real)) return { ok: false, problem: 'outside' };",
        by: '',
      },
      {
        file: 'definitions/read-text-file.ts',
        replace:
          "if (!roots.contains(await openedPath(handle, real))) return { ok: false, problem: 'outside' };",
        by: '',
      },
    ],
  },
  {
    name: 'inside is what begins with the name of the folder',
    part: 'payloads',
    patches: [
      {
        file: 'definitions/root-folders.ts',
        replace: "return way !== '' && way !== '..'",
        by: "return path.startsWith(folder) || way !== '' && way !== '..'",
      },
    ],
  },
  {
    name: 'an open file is believed to be the one that was checked',
    part: 'swap',
    patches: [
      {
        file: 'definitions/read-text-file.ts',
        replace:
          "if (!roots.contains(await openedPath(handle, real))) return { ok: false, problem: 'outside' };",
        by: '',
      },
    ],
  },
];

describe('A2: paths in workflow files', () => {
  test('lead nowhere outside, and nothing hangs', async () => {
    const found = await attack();
    campaign.report({ ...found, violations: found.violations.length });
    expect(found.violations).toEqual([]);
    expect(found.payloads).toBeGreaterThanOrEqual(60);
    // Both prove that files were really swapped while they were read.
    expect(found.swaps).toBeGreaterThan(10);
    expect(found.readsOutside).toBeGreaterThan(0);
  });

  test.each(MUTANTS)('caught: $name', async (mutant) => {
    const serverFile = await plantedProgram(mutant);
    expect((await attack({ serverFile, part: mutant.part })).violations).not.toEqual([]);
  });
});

/** Against a planted defect, one violation is enough. */
async function attack(planted?: { readonly serverFile: string; readonly part: Part }) {
  const scratch = await createScratch();
  try {
    const root = scratch.workflowsFolder;
    const targets = layTraps(scratch);
    const payloads = planted?.part === 'swap' ? [] : payloadsFor(root, targets);
    const names = payloads.flatMap((payload, position) => {
      const name = `P${position}`;
      const kinds = campaign.times(1, 3) === 3 ? KINDS : [campaign.random.pick(KINDS)];
      if (kinds.includes('LINK')) writeWorkflow(root, `${name}_LINK`, `# Steps\n\n- [step](<${payload}>)\n`);
      if (kinds.includes('INCLUDE'))
        writeWorkflow(root, `${name}_INCLUDE`, `# Steps\n\n- [step](ok.md)\n\n{{file:${payload}}}\n`);
      if (kinds.includes('INNER')) {
        writeFiles(root, {
          [`${name}_INNER/index.md`]: '# Steps\n\n- [step](steps/one.md)\n',
          [`${name}_INNER/steps/one.md`]: stepText({ instructions: `{{file:${payload}}}` }),
        });
        linkTraps(root, `${name}_INNER`, targets);
      }
      return kinds.map((kind) => `${name}_${kind}`);
    });
    writeWorkflow(root, 'FINE', '# Steps\n\n- [step](ok.md)\n');

    const violations: string[] = [];
    const server = scratch.startServer({
      serverFile: planted?.serverFile,
      env: { A_SECRET: ENVIRONMENT_SECRET },
    });
    await server.initialize();
    const listed = await listAll(server);
    const hasLeaked = () => planted !== undefined && server.lines.some((line) => line.includes(SECRET));
    for (const name of names) {
      if (hasLeaked()) break;
      if (listed.find((workflow) => workflow.name === name)?.usable !== false)
        violations.push(`${name} is not listed as broken`);
      const { isError, body } = await server.callTool('start_workflow', { workflow_name: name });
      const { error_code } = body as { error_code?: string };
      if (!isError || error_code !== 'WORKFLOW_INVALID')
        violations.push(`${name} answered ${error_code ?? 'with a run'}`);
    }
    const { swaps, readsOutside } = await swapWhileReading(server, root, targets.outside, {
      rounds: planted?.part === 'payloads' ? 0 : planted === undefined ? campaign.times(60, 600) : 3_000,
      hasLeaked,
    });
    const fine = await server.callTool('start_workflow', { workflow_name: 'FINE' });
    if (fine.isError) violations.push('the workflow that is fine cannot be started');
    server.endInput();
    await server.exited;
    const said = [...server.lines, server.stderr()].join('\n');
    for (const secret of [SECRET, ENVIRONMENT_SECRET, 'root:x:'])
      if (said.includes(secret)) violations.push(`bytes from outside: ${secret}`);
    const stored = JSON.stringify(scratch.query('SELECT * FROM workflow_definitions'));
    if (stored.includes(SECRET)) violations.push('bytes from outside are stored');
    return { payloads: payloads.length, workflows: names.length, swaps, readsOutside, violations };
  } finally {
    await scratch.dispose();
  }
}

interface Targets {
  /** Folder beside the workflows, full of secrets. */
  readonly outside: string;
  readonly secretFile: string;
}

function layTraps(scratch: Scratch): Targets {
  const base = scratch.folder;
  writeFiles(base, {
    'secret.md': stepText({ instructions: SECRET }),
    'workflows-evil/secret.md': stepText({ instructions: SECRET }),
    'workflows.md': stepText({ instructions: SECRET }),
    'outside/steps/one.md': stepText({ instructions: SECRET }),
    'outside/index.md': `# Steps\n\n- [a](steps/one.md)\n\n${SECRET}\n`,
  });
  execFileSync('mkfifo', [join(base, 'outside', 'pipe')]);
  return { outside: join(base, 'outside'), secretFile: join(base, 'secret.md') };
}

function writeWorkflow(root: string, name: string, index: string): void {
  writeFiles(root, { [`${name}/index.md`]: index, [`${name}/ok.md`]: stepText() });
  linkTraps(root, name, { outside: join(root, '..', 'outside'), secretFile: join(root, '..', 'secret.md') });
}

/** The same in the workflow's folder and in its folder of steps, so that a payload finds them from either. */
function linkTraps(root: string, name: string, { outside, secretFile }: Targets): void {
  for (const folder of [join(root, name), join(root, name, 'steps')]) {
    writeFiles(folder, { 'inner/ok.md': stepText() });
    for (const [link, target] of Object.entries({
      'file-link.md': secretFile,
      'chain.md': 'file-link.md',
      'long-chain.md': 'chain.md',
      'folder-link': outside,
      'inner/up': '..',
      'inner/far': join('..', '..', '..', '..'),
      'environ.md': '/proc/self/environ',
      cwd: '/proc/self/cwd',
      root: '/proc/self/root',
      fd: '/proc/self/fd',
      'zero.md': '/dev/zero',
      'tty.md': '/dev/tty',
      'loop-a.md': 'loop-b.md',
      'loop-b.md': 'loop-a.md',
      'dangling.md': 'nowhere.md',
    }))
      symlinkSync(target, join(folder, link));
    // A pipe that nobody ever writes to.
    linkSync(join(outside, 'pipe'), join(folder, 'pipe.md'));
  }
}

function payloadsFor(root: string, { secretFile }: Targets): readonly string[] {
  const base = join(root, '..');
  const files = ['secret.md', 'workflows-evil/secret.md', 'workflows.md', 'outside/steps/one.md'];
  const climbs = ['../../', '../../../'].flatMap((up) =>
    files.flatMap((file) => [
      `${up}${file}`,
      `./${up}${file}`,
      `inner/../${up}${file}`,
      `inner/up/${up}${file}`,
      `${up.replaceAll('/', '//')}${file}`,
      `${up.replaceAll('/', '\\')}${file}`,
      `${up.replaceAll('.', '%2e')}${file}`,
      `${up.replaceAll('../', '%2e%2e%2f')}${file.replaceAll('/', '%2f')}`,
      `${up.replaceAll('.', '%252e')}${file}`,
      `${up.replaceAll('/', '%5c')}${file}`,
      `${up.replaceAll('/', '%c0%af')}${file}`,
      `${up.replaceAll('../', '....//')}${file}`,
      `${up}${file}%00.md`,
      `${up}${file}\0.md`,
    ]),
  );
  const absolute = files.flatMap((file) => {
    const path = join(base, file);
    return [path, `/${path}`, `file://${path}`, encodeURI(path), `%2f${path.slice(1)}`];
  });
  return [
    ...climbs,
    ...absolute,
    'file-link.md',
    'chain.md',
    'long-chain.md',
    'folder-link/steps/one.md',
    'folder-link/../secret.md',
    'inner/far/secret.md',
    'environ.md',
    '/proc/self/environ',
    '/proc/self/environ.md',
    `cwd/${secretFile.slice(base.length + 1)}`,
    `root${secretFile}`,
    'fd/0.md',
    'zero.md',
    'tty.md',
    'loop-a.md',
    'dangling.md',
    'pipe.md',
    '~/secret.md',
    '$HOME/secret.md',
    'C:\\secret.md',
    '\\\\host\\share\\secret.md',
    `${'a/'.repeat(3_000)}secret.md`,
    `${'../'.repeat(300)}etc/passwd`,
    `${'../'.repeat(300)}etc/passwd.md`,
    'inner/ok.md/../../../../secret.md',
    '.md',
    '..md',
    '../.md',
  ];
}

async function listAll(server: RawServer): Promise<WorkflowPage['workflows']> {
  const workflows: WorkflowPage['workflows'][number][] = [];
  let cursor: string | undefined;
  do {
    const { body } = await server.callTool('list_workflows', { limit: 200, cursor });
    const page = body as WorkflowPage;
    workflows.push(...page.workflows);
    cursor = page.next_cursor;
  } while (cursor !== undefined);
  return workflows;
}

/** Swaps a folder of steps for a link to one outside, and back, while the server reads from it again and again. */
async function swapWhileReading(
  server: RawServer,
  root: string,
  outside: string,
  { rounds, hasLeaked }: { readonly rounds: number; readonly hasLeaked: () => boolean },
) {
  const folder = join(root, 'SWAPPED');
  writeFiles(folder, {
    'index.md': '# Steps\n\n- [a](steps/one.md)\n',
    'steps/one.md': stepText({ instructions: 'inside' }),
  });
  const steps = join(folder, 'steps');
  let swaps = 0;
  let isReading = true;
  const swapping = (async () => {
    while (isReading) {
      renameSync(steps, `${steps}-aside`);
      symlinkSync(join(outside, 'steps'), steps);
      await turns(campaign.random.below(6));
      rmSync(steps);
      renameSync(`${steps}-aside`, steps);
      await turns(campaign.random.below(6));
      swaps += 1;
    }
  })();
  let readsOutside = 0;
  for (let round = 0; round < rounds && !hasLeaked(); round += 1) {
    // Its files are read again when they change, and both of these do.
    writeFiles(folder, { 'index.md': `# Steps ${round}\n\n- [a](steps/one.md)\n` });
    const { isError, body } = await server.callTool('start_workflow', { workflow_name: 'SWAPPED' });
    if (isError && JSON.stringify(body).includes('outside')) readsOutside += 1;
  }
  isReading = false;
  await swapping;
  return { swaps, readsOutside };
}

/** Lets other work go on for a while that is not measured in time. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn <= count; turn += 1) await new Promise(setImmediate);
}
