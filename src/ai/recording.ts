import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { DECIDERS, type DecisionRecord, STATUS_SUGGESTIONS } from '../domain/decision.ts';
import { Fault } from '../domain/errors.ts';
import { type HistoryEntry, isTransitionKind } from '../domain/history.ts';
import { canonicalJson } from '../domain/json.ts';
import type { Logger } from '../domain/logger.ts';
import { adviseCaller } from './caller-advice.ts';
import type { DecisionRequest, Model } from './model.ts';

const recordedDecision = z.object({
  nextStepName: z.string(),
  updatedContext: z.array(z.object({ key: z.string(), value: z.json() })),
  statusSuggestion: z.enum(STATUS_SUGGESTIONS).optional(),
  reasoning: z.string().optional(),
  decider: z.enum(DECIDERS),
  candidates: z.array(z.string()),
  model: z.string().optional(),
  promptTokens: z.number().optional(),
  outputTokens: z.number().optional(),
  latencyMs: z.number().optional(),
  promptHash: z.string().optional(),
  attempts: z.number().optional(),
});

/** One line of a recording. `workflow` and `step` are there for people who read it. */
interface RecordedLine {
  readonly key: string;
  readonly workflow: string;
  readonly step: string;
  readonly decision: DecisionRecord;
}

const recordedLine: z.ZodType<RecordedLine> = z.object({
  key: z.string(),
  workflow: z.string(),
  step: z.string(),
  decision: recordedDecision,
});

export interface RecordingParams {
  readonly model: Model;
  /** A file of JSON lines; it is created with its folder, and appended to if it exists. */
  readonly path: string;
  readonly logger: Logger;
}

/**
 * The same model, with every decision also appended to a file. Failures are not recorded. If the file cannot
 * be written, the decision holds, and the log says so: a run matters more than its recording.
 */
export function withRecording({ model, path, logger }: RecordingParams): Model {
  return {
    decider: model.decider,
    // What is recorded is found again by what the model saw, which has to be the same for whoever replays it.
    readsHistory: true,
    async decide(request, options) {
      const decision = await model.decide(request, options);
      const { definition, step } = request;
      try {
        await appendLine(path, {
          key: recordingKey(request),
          workflow: definition.name,
          step: step.name,
          decision,
        });
      } catch (error) {
        logger.error('A decision could not be recorded', { path, step: step.name, error });
      }
      return decision;
    },
  };
}

/** A line is one write to a file opened for appending, so lines of several processes do not mix. */
async function appendLine(path: string, line: RecordedLine): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, 'a', 0o600);
  try {
    await file.write(`${JSON.stringify(line)}\n`);
  } finally {
    await file.close();
  }
}

export interface ReplayParams {
  readonly path: string;
  /** Whose decisions the recording holds, for callers that ask before there is a decision. */
  readonly decider: Model['decider'];
}

/**
 * A model that repeats recorded decisions. Equal requests get theirs in the order in which they were
 * recorded, and once these are used up, the last of them again: a repeated call asks more often than the
 * recorded one did.
 *
 * Throws `CONFIG_INVALID` if the file cannot be read. `decide` throws `AI_MISCONFIGURED` for a request that
 * was never recorded: no retry helps, only another recording.
 */
export function createReplayModel({ path, decider }: ReplayParams): Model {
  const decisions = readRecording(path);
  return {
    decider,
    readsHistory: true,
    async decide(request) {
      const recorded = decisions.get(recordingKey(request));
      const decision = recorded !== undefined && recorded.length > 1 ? recorded.shift() : recorded?.[0];
      if (decision === undefined || !request.allowed.includes(decision.nextStepName)) {
        throw adviseCaller(notRecorded(path, request), { purpose: 'decision', attempts: 1 });
      }
      return decision;
    },
  };
}

function notRecorded(path: string, { definition, step }: DecisionRequest): Fault {
  return new Fault(
    'AI_MISCONFIGURED',
    `The recording ${path} holds no decision for step ${step.name} of ${definition.name} in this situation`,
    {
      hint: 'Record again with AI_RECORD, or unset AI_REPLAY.',
      details: { workflow: definition.name, step: step.name },
    },
  );
}

function readRecording(path: string): Map<string, DecisionRecord[]> {
  const decisions = new Map<string, DecisionRecord[]>();
  for (const [index, text] of readText(path).split('\n').entries()) {
    if (text === '') continue;
    const { key, decision } = parseLine(text, `${path}:${index + 1}`);
    decisions.set(key, [...(decisions.get(key) ?? []), decision]);
  }
  return decisions;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Fault('CONFIG_INVALID', `${path}: The recording cannot be read.`, { cause });
  }
}

function parseLine(text: string, place: string): RecordedLine {
  try {
    return recordedLine.parse(JSON.parse(text));
  } catch (cause) {
    throw new Fault('CONFIG_INVALID', `${place}: This line is no recorded decision.`, { cause });
  }
}

/**
 * A hash of what the decider can see, without what differs from run to run: ids, tokens, times, hashes. Steps
 * other than the current one count by name and goal, as in the prompt.
 */
export function recordingKey(request: DecisionRequest): string {
  const { task, definition, step, allowed, context, visits, report, belief, wish, recentHistory } = request;
  const seen = {
    task,
    workflow: { name: definition.name, goal: definition.goal },
    outline: definition.steps.map(({ name, goal }) => ({ name, goal })),
    step: { name: step.name, guidance: step.guidance },
    allowed,
    context,
    visits,
    report,
    belief,
    wish,
    history: recentHistory.filter(({ kind }) => isTransitionKind(kind)).map(seenOf),
  };
  return createHash('sha256').update(canonicalJson(seen)).digest('hex');
}

function seenOf({
  kind,
  stepName,
  determinedNextStep,
  report,
  contextUpdates,
  requestedNextStep,
}: HistoryEntry) {
  return { kind, stepName, determinedNextStep, report, contextUpdates, requestedNextStep };
}
