import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import {
  type Cline,
  type ClineSession,
  fingerprintOfRealCline,
  installCline,
  killProcess,
  type McpServerEntry,
  processGone,
  readToolResult,
  setUpCline,
} from '../support/cline.ts';
import {
  type ChatRequest,
  callTool,
  hangUp,
  type Reply,
  type ScriptedOpenAiServer,
  say,
  startScriptedOpenAiServer,
  type Turn,
} from '../support/scripted-openai-server.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.mjs', import.meta.url));
const WORKFLOWS = fileURLToPath(new URL('../../workflows', import.meta.url));
/** The name of the entry that `config cline` prints; Cline puts it before each tool's name. */
const SERVER_NAME = 'orchestrator';

const FIRST_JOKE = 'I asked the clock for a minute. It gave me sixty seconds and no explanation.';
const BETTER_JOKE = 'My clock stopped at noon. It is still right twice a day, which is more than my manager.';

/** The part of an answer that the model acts on. */
const answerSchema = z.object({
  instance_id: z.string(),
  status: z.string(),
  revision: z.number(),
  step_token: z.string(),
  next_step: z.object({ step_name: z.string(), instructions: z.string() }),
  decision_request: z.object({ guidance: z.string(), options: z.array(z.string()) }).optional(),
  reconciliation: z.object({ verdict: z.string() }).optional(),
  replayed: z.boolean().optional(),
  current_context: z.record(z.string(), z.unknown()),
});
type Answer = z.output<typeof answerSchema>;

const instancePageSchema = z.object({
  instances: z.array(z.object({ instance_id: z.string(), current_step_name: z.string() })),
});

const historyPageSchema = z.object({
  entries: z.array(
    z.object({
      kind: z.string(),
      step_name: z.string(),
      outcome_status: z.string().optional(),
      determined_next_step: z.string().optional(),
    }),
  ),
});

let scratch: string;
let env: Readonly<Record<string, string>>;
let model: ScriptedOpenAiServer;
let cline: Cline;
let realClineBefore: string;

beforeAll(async () => {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: build first, with npm run build.`);
  realClineBefore = await fingerprintOfRealCline();
  scratch = await mkdtemp(join(tmpdir(), 'orchestrator-cline-'));
  env = { WORKFLOW_DB_PATH: join(scratch, 'workflows.sqlite'), WORKFLOW_DEFINITIONS_DIR: WORKFLOWS };
  model = await startScriptedOpenAiServer();
  cline = await setUpCline({ launcher: await installCline(), model, mcpServers: await printedEntries() });
});

afterAll(async () => {
  await cline?.dispose();
  await model?.close();
  if (scratch !== undefined) await rm(scratch, { recursive: true, force: true });
});

test('Cline walks a workflow to its end through the death of the server, and then of itself', async () => {
  // The first session: two steps; then the server dies while the model works on the third.
  let started: Answer | undefined;
  let third: Answer | undefined;
  const firstResult = await converse('Write a joke with JOKE_GENERATOR.', (session) => [
    (request) => {
      expect(request.prompt).toContain('JOKE_GENERATOR');
      expect(request.toolNames).toEqual(
        expect.arrayContaining(
          ['start_workflow', 'advance_workflow', 'resume_workflow', 'list_instances'].map(nameInCline),
        ),
      );
      return callOrchestrator('start_workflow', { workflow_name: 'JOKE_GENERATOR' });
    },
    (request) => {
      started = readAnswer(request);
      expect(started).toMatchObject({
        status: 'RUNNING',
        revision: 0,
        next_step: { step_name: 'ask_theme' },
      });
      return advance(started, { result: { theme: 'clocks' }, contextUpdates: { theme: 'clocks' } });
    },
    (request) => {
      const answer = readAnswer(request);
      expect(answer).toMatchObject({ revision: 1, next_step: { step_name: 'write_joke' } });
      expect(answer.next_step.instructions).toContain('joke about: clocks');
      return advance(answer, { result: { joke: FIRST_JOKE }, contextUpdates: { joke: FIRST_JOKE } });
    },
    async (request) => {
      third = readAnswer(request);
      expect(third).toMatchObject({ revision: 2, next_step: { step_name: 'judge_joke' } });
      await killProcess(await session().findServer(MAIN));
      return judge(third, { score: 8, nextStep: 'improve_joke' });
    },
    (request) => {
      expect(onlyResult(request).error).toMatch(/MCP process exited|is not connected/);
      return say('The workflow server is gone; I will go on later.');
    },
  ]);
  expect(firstResult).toMatchObject({ exitCode: 0, finishReason: 'completed' });
  const interrupted = defined(third);
  const { instance_id: instanceId } = interrupted;
  expect(await statusOf(instanceId)).toMatchObject({
    status: 'RUNNING',
    revision: 2,
    next_step: { step_name: 'judge_joke' },
  });

  // The second session knows nothing but the name of the workflow. Its report arrives, and the answer gets as far as
  // Cline; then Cline and the server die together, and the model never acts on it.
  const secondResult = await converse('Go on with the joke.', (session) => [
    () => callOrchestrator('list_instances', { status: 'RUNNING', workflow_name: 'JOKE_GENERATOR' }),
    (request) => resume(request, { instanceId, report: undefined }),
    (request) => {
      const answer = readAnswer(request);
      expect(answer.reconciliation?.verdict).toBe('in_sync');
      expect({ ...answer, reconciliation: undefined }).toEqual({ ...interrupted, reconciliation: undefined });
      return judge(answer, { score: 8, nextStep: 'improve_joke' });
    },
    async (request) => {
      expect(readAnswer(request)).toMatchObject({ revision: 3, next_step: { step_name: 'improve_joke' } });
      const server = await session().findServer(MAIN);
      session().kill();
      await processGone(server);
      return hangUp;
    },
  ]);
  expect(secondResult).toMatchObject({ exitCode: null, signal: 'SIGKILL', finishReason: undefined });
  expect(await statusOf(instanceId)).toMatchObject({ status: 'RUNNING', revision: 3 });

  // The third session still believes in the step before, and repeats what was lost in both ways that there are.
  const lostReport = { status: 'success', ...judgement(8) };
  const thirdResult = await converse('Go on with the joke.', () => [
    () => callOrchestrator('list_instances', { status: 'RUNNING' }),
    (request) => resume(request, { instanceId, believed: 'judge_joke', report: lostReport }),
    (request) => {
      const answer = readAnswer(request);
      expect(answer).toMatchObject({
        revision: 3,
        next_step: { step_name: 'improve_joke' },
        reconciliation: { verdict: 'answer_lost' },
      });
      return judge(interrupted, { score: 8, nextStep: 'improve_joke' });
    },
    (request) => {
      const answer = readAnswer(request);
      expect(answer).toMatchObject({ revision: 3, next_step: { step_name: 'improve_joke' }, replayed: true });
      return advance(answer, { result: { joke: BETTER_JOKE }, contextUpdates: { joke: BETTER_JOKE } });
    },
    (request) => {
      const answer = readAnswer(request);
      expect(answer).toMatchObject({ revision: 4, next_step: { step_name: 'judge_joke' } });
      expect(answer.next_step.instructions).toContain(BETTER_JOKE);
      return judge(answer, { score: 11, nextStep: 'FINISH' });
    },
    (request) => {
      const answer = readAnswer(request);
      expect(answer).toMatchObject({ status: 'COMPLETED', revision: 5, next_step: { step_name: 'FINISH' } });
      expect(answer.next_step.instructions).toContain(BETTER_JOKE);
      return say(BETTER_JOKE);
    },
  ]);
  expect(thirdResult).toMatchObject({ exitCode: 0, finishReason: 'completed' });
  expect(thirdResult.events.at(-1)).toMatchObject({ text: BETTER_JOKE });

  expect(await statusOf(instanceId)).toMatchObject({
    instance_id: defined(started).instance_id,
    status: 'COMPLETED',
    revision: 5,
    next_step: { step_name: 'FINISH' },
    current_context: { theme: 'clocks', joke: BETTER_JOKE, score: 11 },
  });
  expect(await stepsReported(instanceId)).toEqual([
    'ask_theme -> write_joke',
    'write_joke -> judge_joke',
    'judge_joke -> improve_joke',
    'improve_joke -> judge_joke',
    'judge_joke -> FINISH',
  ]);
});

test('Cline keeps to the home folder that it was given', async () => {
  expect(existsSync(join(cline.home, '.cline', 'data', 'sessions'))).toBe(true);
  expect(await fingerprintOfRealCline()).toBe(realClineBefore);
});

/** Runs one prompt against a script, to its end. The turns get at the running session, to kill what they want to. */
async function converse(prompt: string, turnsOf: (session: () => ClineSession) => readonly Turn[]) {
  let session: ClineSession | undefined;
  const played = model.play(turnsOf(() => defined(session)));
  session = cline.prompt(prompt);
  const result = await session.ended;
  expect(played.requests, `Cline asked the model nothing: ${result.stderr}`).not.toHaveLength(0);
  played.end();
  return result;
}

function nameInCline(tool: string): string {
  return `${SERVER_NAME}__${tool}`;
}

function callOrchestrator(tool: string, args: Readonly<Record<string, unknown>>): Reply {
  return callTool(nameInCline(tool), args);
}

interface Work {
  readonly result: Readonly<Record<string, unknown>>;
  readonly contextUpdates: Readonly<Record<string, unknown>>;
  readonly nextStep?: string;
}

/** Reports on the step that the answer handed out. */
function advance(answer: Answer, { result, contextUpdates, nextStep }: Work): Reply {
  return callOrchestrator('advance_workflow', {
    instance_id: answer.instance_id,
    step_token: answer.step_token,
    report: { step_id: answer.next_step.step_name, status: 'success', result },
    context_updates: contextUpdates,
    ...(nextStep !== undefined && { next_step_name: nextStep }),
  });
}

function judgement(score: number) {
  return { result: { score, weakness: 'The end can be guessed.' } };
}

/** Judges the joke, and chooses what follows from what the answer offers. */
function judge(
  answer: Answer,
  { score, nextStep }: { readonly score: number; readonly nextStep: string },
): Reply {
  const question = defined(answer.decision_request);
  expect(question.guidance).toContain('score');
  expect(question.options).toContain(nextStep);
  const { result } = judgement(score);
  return advance(answer, { result, contextUpdates: result, nextStep });
}

interface ResumeParams {
  /** The run that the listing has to show, alone. */
  readonly instanceId: string;
  /** The step where the model believes the run to be; the listed one, unless given. */
  readonly believed?: string;
  readonly report: Readonly<Record<string, unknown>> | undefined;
}

function resume(request: ChatRequest, { instanceId, believed, report }: ResumeParams): Reply {
  const { instances } = instancePageSchema.parse(readResult(request));
  expect(instances.map((instance) => instance.instance_id)).toEqual([instanceId]);
  return callOrchestrator('resume_workflow', {
    instance_id: instances[0]?.instance_id,
    assumed_current_step_name: believed ?? instances[0]?.current_step_name,
    ...(report !== undefined && { report }),
  });
}

function onlyResult(request: ChatRequest) {
  expect(request.toolResults).toHaveLength(1);
  return readToolResult(defined(request.toolResults[0]).content);
}

/** What the last call returned. A structured copy beside the text has to say the same. */
function readResult(request: ChatRequest): unknown {
  const result = onlyResult(request);
  expect(result, JSON.stringify(result)).not.toMatchObject({ isError: true });
  const [part] = defined(result.content);
  const value: unknown = JSON.parse(defined(part?.text));
  if (result.structuredContent !== undefined) expect(result.structuredContent).toEqual(value);
  return value;
}

function readAnswer(request: ChatRequest): Answer {
  return answerSchema.parse(readResult(request));
}

async function printedEntries(): Promise<Readonly<Record<string, McpServerEntry>>> {
  const { mcpServers } = JSON.parse(await orchestrator('config', 'cline', '--json')) as {
    readonly mcpServers: Readonly<Record<string, McpServerEntry>>;
  };
  expect(Object.keys(mcpServers)).toEqual([SERVER_NAME]);
  const entry = defined(mcpServers[SERVER_NAME]);
  return { [SERVER_NAME]: { ...entry, env: { ...entry.env, ...env } } };
}

async function statusOf(instanceId: string): Promise<unknown> {
  return JSON.parse(await orchestrator('status', instanceId, '--json'));
}

/** Each transition that a report made, in order. */
async function stepsReported(instanceId: string): Promise<readonly string[]> {
  const { entries } = historyPageSchema.parse(
    JSON.parse(await orchestrator('history', instanceId, '--json')),
  );
  return entries
    .filter((entry) => entry.outcome_status !== undefined && entry.determined_next_step !== undefined)
    .map((entry) => `${entry.step_name} -> ${entry.determined_next_step}`);
}

/** The command, as a person would run it. No key is in its environment: the client decides. */
async function orchestrator(...args: readonly string[]): Promise<string> {
  const options = { env: { PATH: process.env.PATH, HOME: scratch, ...env }, cwd: scratch };
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, ...args], options);
  return stdout;
}

function defined<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('Something that the script relies on is not there.');
  return value;
}
