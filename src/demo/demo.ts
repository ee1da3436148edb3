import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';
import { makeScratchRepository } from './scratch-repository.ts';
import { createScriptedClient, type Outcome } from './scripted-client.ts';
import { type Answer, connectToServer, type ServerConnection } from './server-connection.ts';

const WORKFLOW = 'COMMIT_SUGGESTER';
/** The step whose report is sent, and whose answer is then lost in the crash. */
const CRASH_AFTER = 'draft_message';
/** More than the workflow has, so that a mistake in it ends the demo instead of looping. */
const STEPS_MAX = 20;

const serverFile = join(dirname(fileURLToPath(import.meta.url)), 'main.mjs');
const folder = await mkdtemp(join(tmpdir(), 'orchestrator-demo-'));
try {
  await demonstrate();
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function demonstrate(): Promise<void> {
  const git = await makeScratchRepository(join(folder, 'repository'));
  const carryOut = createScriptedClient(git, join(folder, 'message.txt'));
  const env = {
    PATH: process.env.PATH ?? '',
    WORKFLOW_DB_PATH: join(folder, 'workflows.sqlite'),
    AI_PROVIDER: 'client',
    LOG_LEVEL: 'error',
  };
  say(`
A scratch git repository with a staged change, the server in a process of its own, and a client that speaks
MCP to it, as Cline or Claude Desktop would. The workflow is ${bold(WORKFLOW)}: Markdown files in workflows/${WORKFLOW}/.
The client plays the model's part from a script, so no key is needed; the git commands are real.
`);

  let server = await connectToServer(serverFile, env);
  say(`${bold('server')}  started, process ${server.pid}`);
  let answer = await server.call('start_workflow', { workflow_name: WORKFLOW });
  say(
    `${bold('client')}  start_workflow ${WORKFLOW}\n${bold('server')}  run ${answer.instance_id} is at its first step\n`,
  );

  for (let steps = 0; answer.status === 'RUNNING'; steps++) {
    const name = answer.next_step.step_name;
    const step = carryOut[name];
    if (step === undefined || steps === STEPS_MAX)
      throw new Error(`The demo does not know how to go on at "${name}".`);
    showStep(answer);
    const outcome = await step(answer.current_context);
    say(`        client: ${outcome.did}`);
    if (name === CRASH_AFTER) {
      ({ server, answer } = await crashAndResume({ server, answer, outcome, env }));
    } else {
      answer = await server.call('advance_workflow', advanceArguments(answer, outcome));
    }
    showDecision(answer);
  }

  say(
    `${bold(answer.next_step.step_name)}\n        server: ${firstParagraph(answer.next_step.instructions)}\n`,
  );
  showHistory(await server.call<HistoryPage>('get_workflow_history', { instance_id: answer.instance_id }));
  await server.close();
  const commit = await git('log', '-1', '--stat', '--format=%h %an%n%n%B');
  say(`${bold('git log -1 --stat')}, in the scratch repository:\n\n${indent(commit)}\n`);
  say(
    `${bold('Your turn.')} This entry in the settings of your client starts the same server. Here it is for Cline;`,
  );
  say('claude-desktop, claude-code, cursor and vscode work as well, and --write puts it in place.\n');
  say(execFileSync(process.execPath, [serverFile, 'config', 'cline'], { encoding: 'utf8' }));
}

interface CrashParams {
  readonly server: ServerConnection;
  readonly answer: Answer;
  readonly outcome: Outcome;
  readonly env: Record<string, string>;
}

/** The worst moment: the report has arrived and was committed, and the client never reads the answer. */
async function crashAndResume({
  server,
  answer,
  outcome,
  env,
}: CrashParams): Promise<{ server: ServerConnection; answer: Answer }> {
  await server.call('advance_workflow', advanceArguments(answer, outcome));
  await server.killServer();
  say(
    `\n${bold(styleText('red', 'kill -9'))} ${server.pid}: the server is gone, and the answer to this report with it. The client\nforgets where it was, too.\n`,
  );

  const restarted = await connectToServer(serverFile, env);
  say(`${bold('server')}  started again, process ${restarted.pid}`);
  const { instances } = await restarted.call<{
    instances: { instance_id: string; workflow_name: string; current_step_name: string }[];
  }>('list_instances', { status: 'RUNNING' });
  const found = instances[0];
  if (found === undefined) throw new Error('The run was lost.');
  say(`${bold('client')}  list_instances: ${found.workflow_name} ${found.instance_id}`);
  const resumed = await restarted.call('resume_workflow', {
    instance_id: found.instance_id,
    assumed_current_step_name: CRASH_AFTER,
    report: outcome.report,
  });
  say(`${bold('client')}  resume_workflow, believing to be at ${CRASH_AFTER}`);
  say(`${bold('server')}  ${resumed.reconciliation?.verdict}: ${resumed.reconciliation?.explanation}`);
  return { server: restarted, answer: resumed };
}

function advanceArguments(answer: Answer, { report, context_updates, next_step_name }: Outcome) {
  const { instance_id, step_token, next_step } = answer;
  return {
    instance_id,
    step_token,
    report: { ...report, step_id: next_step.step_name },
    context_updates,
    next_step_name,
  };
}

function showStep({ next_step, decision_request }: Answer): void {
  say(bold(next_step.step_name));
  say(`        server: ${firstParagraph(next_step.instructions)}`);
  if (decision_request !== undefined) {
    say(
      `        server: you decide what follows, by the step's guidance: ${decision_request.options.join(' | ')}`,
    );
  }
}

function showDecision({ status, revision, next_step, decision }: Answer): void {
  const where = status === 'COMPLETED' ? 'complete' : `next is ${next_step.step_name}`;
  say(`        server: ${where}; ${reasonOf(decision)} (revision ${revision}, on disk)\n`);
}

function reasonOf(decision: Answer['decision']): string {
  if (decision?.decider === 'client') return 'you decided';
  return `declared in the step, no model asked: ${decision?.reasoning}`;
}

function firstParagraph(text: string): string {
  const paragraph = (text.trim().split(/\n\s*\n/)[0] ?? '').replace(/\s+/g, ' ');
  return paragraph.length > 100 ? `${paragraph.slice(0, 99)}…` : paragraph;
}

interface HistoryPage {
  readonly entries: readonly {
    readonly revision: number;
    readonly step_name: string;
    readonly determined_next_step?: string;
    readonly decision?: { readonly decider: string };
  }[];
}

function showHistory({ entries }: HistoryPage): void {
  say(`${bold('history')}  every report once and in order, although the server was killed:\n`);
  for (const { revision, step_name, determined_next_step, decision } of entries) {
    const move =
      decision === undefined ? 'start' : `${step_name} -> ${determined_next_step} (${decision.decider})`;
    say(`    ${revision}  ${move}`);
  }
  say('');
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function bold(text: string): string {
  return styleText('bold', text);
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '    ');
}
