import { isDeepStrictEqual } from 'node:util';
import Database from 'better-sqlite3';
import type { DecisionRecord } from '../../src/domain/decision.ts';
import type { JsonObject } from '../../src/domain/json.ts';
import type { Report } from '../../src/domain/report.ts';
import type { Answer } from '../../src/engine/answer.ts';
import type { Engine } from '../../src/engine/engine.ts';

/** A transition that a client was told of: from then on it must never be gone. */
export interface Acknowledged {
  readonly instanceId: string;
  /** Tells the call from all others; it went out as the report's `result.call`. */
  readonly call: string;
  readonly answer: Answer;
}

/** What a decision was to be made from, as history has it. */
export interface Premises {
  readonly stepName: string;
  readonly report: Report;
  /** As stored before, with the updates of the call. */
  readonly context: JsonObject;
  /** As stored before. */
  readonly visits: Readonly<Record<string, number>>;
}

export interface OracleParams {
  readonly databasePath: string;
  readonly acknowledged: readonly Acknowledged[];
  /** The step that follows from the premises, as the campaign's workflows say. Undefined: they leave it open. */
  readonly decisionFrom?: (premises: Premises, decision: DecisionRecord) => string | undefined;
  /** Takes one more advance of every instance that is not finished. */
  readonly engine: Engine;
}

/**
 * What is wrong with a database after a campaign, one sentence each; empty if nothing is: no acknowledged
 * transition lost, each key recorded at most once, revisions contiguous, the head as its history tells, each
 * decision made from the state that it is applied to, no instance stuck, no damage found by SQLite.
 */
export async function consultOracle(params: OracleParams): Promise<readonly string[]> {
  const database = new Database(params.databasePath, { readonly: true });
  const problems: string[] = [];
  let heads: readonly Head[];
  try {
    problems.push(...damage(database));
    heads = readHeads(database);
    const histories = groupBy(readEntries(database), ({ instanceId }) => instanceId);
    const acknowledged = groupBy(params.acknowledged, ({ instanceId }) => instanceId);
    for (const head of heads) {
      const entries = histories.get(head.instanceId) ?? [];
      const wrong = [
        ...brokenHistory(entries),
        ...headlessHistory(head, entries, params.decisionFrom),
        ...lostAnswers(head, entries, acknowledged.get(head.instanceId) ?? []),
      ];
      problems.push(...wrong.map((problem) => `${head.instanceId}: ${problem}`));
    }
    const known = new Set(heads.map(({ instanceId }) => instanceId));
    for (const id of acknowledged.keys())
      if (!known.has(id as string)) problems.push(`${id}: the instance is lost.`);
  } finally {
    database.close();
  }
  for (const head of heads) problems.push(...(await stuck(params.engine, head)));
  return problems;
}

interface Head {
  readonly instanceId: string;
  readonly definitionHash: string;
  readonly status: string;
  readonly revision: number;
  readonly stepToken: string;
  readonly currentStepName: string;
  readonly visits: JsonObject;
  readonly context: JsonObject;
}

interface Entry {
  readonly instanceId: string;
  readonly kind: string;
  readonly revision: number;
  readonly stepName: string;
  readonly stepToken: string | null;
  readonly requestId: string | null;
  readonly determinedNextStep: string;
  readonly status: string;
  readonly definitionHash: string | null;
  readonly report: Report | null;
  readonly contextUpdates: JsonObject | null;
  readonly decision: DecisionRecord | null;
}

function readHeads(database: Database.Database): readonly Head[] {
  const rows = database.prepare<[], Head & Texts>(
    `SELECT instance_id AS instanceId, definition_hash AS definitionHash, status, revision, step_token AS stepToken,
       current_step_name AS currentStepName, visits, context FROM workflow_instances`,
  );
  return rows.all().map((row) => ({ ...row, ...parsed(row, ['visits', 'context']) }));
}

/** Transitions in the order in which they were written. */
function readEntries(database: Database.Database): readonly Entry[] {
  const rows = database.prepare<[], Entry & Texts>(
    `SELECT instance_id AS instanceId, kind, revision, step_name AS stepName, step_token AS stepToken,
       request_id AS requestId, determined_next_step AS determinedNextStep, status,
       definition_hash AS definitionHash, user_report AS report, context_updates AS contextUpdates, decision
     FROM workflow_history WHERE determined_next_step IS NOT NULL ORDER BY history_entry_id`,
  );
  return rows.all().map((row) => ({ ...row, ...parsed(row, ['report', 'contextUpdates', 'decision']) }));
}

type Texts = Readonly<Record<string, unknown>>;

function parsed(row: Texts, columns: readonly string[]): Texts {
  return Object.fromEntries(columns.map((column) => [column, JSON.parse((row[column] as string) ?? 'null')]));
}

function groupBy<Value>(values: readonly Value[], keyOf: (value: Value) => unknown): Map<unknown, Value[]> {
  const groups = new Map<unknown, Value[]>();
  for (const value of values) {
    const group = groups.get(keyOf(value));
    if (group === undefined) groups.set(keyOf(value), [value]);
    else group.push(value);
  }
  return groups;
}

function damage(database: Database.Database): readonly string[] {
  const found = database.pragma('integrity_check', { simple: true });
  const orphans = database.pragma('foreign_key_check') as readonly unknown[];
  const starts = database
    .prepare<[], { requestId: string }>(
      `SELECT request_id AS requestId FROM workflow_history WHERE kind = 'started' AND request_id IS NOT NULL
       GROUP BY request_id HAVING count(*) > 1`,
    )
    .all();
  return [
    ...(found === 'ok' ? [] : [`integrity_check: ${found}`]),
    ...(orphans.length === 0 ? [] : [`${orphans.length} rows refer to nothing.`]),
    ...starts.map(({ requestId }) => `The start with key ${requestId} is recorded more than once.`),
  ];
}

/** Revisions contiguous, each step where the one before led, each token, key and call once. */
function brokenHistory(entries: readonly Entry[]): readonly string[] {
  const problems: string[] = [];
  entries.forEach((entry, index) => {
    if (entry.revision !== index)
      problems.push(`transition ${index} in the order of writing has revision ${entry.revision}.`);
    const before = entries[index - 1];
    if (before !== undefined && entry.stepName !== before.determinedNextStep)
      problems.push(`revision ${entry.revision} leaves ${entry.stepName}, not ${before.determinedNextStep}.`);
  });
  for (const [what, of] of Object.entries(ONCE)) {
    const counts = groupBy(
      entries.filter((entry) => of(entry) != null),
      of,
    );
    for (const [value, same] of counts)
      if (same.length > 1) problems.push(`${what} ${value} is recorded ${same.length} times.`);
  }
  return problems;
}

const ONCE: Readonly<Record<string, (entry: Entry) => unknown>> = {
  revision: ({ revision }) => revision,
  key: ({ requestId }) => requestId,
  token: ({ stepToken }) => stepToken,
  call: (entry) => callOf(entry),
};

function callOf({ report }: Entry): unknown {
  return (report?.result as JsonObject | undefined)?.call;
}

/** The head is what its history adds up to, and each decision follows from what was there before it. */
function headlessHistory(
  head: Head,
  entries: readonly Entry[],
  decisionFrom: OracleParams['decisionFrom'],
): readonly string[] {
  const problems: string[] = [];
  let context: JsonObject = {};
  let visits: Readonly<Record<string, number>> = {};
  let definitionHash: string | null = null;
  for (const entry of entries) {
    const { stepName, report, decision, determinedNextStep: next } = entry;
    context = { ...context, ...entry.contextUpdates };
    if (entry.kind === 'advanced' && report !== null && decision !== null) {
      const expected = decisionFrom?.({ stepName, report, context, visits }, decision);
      if (expected !== undefined && expected !== next)
        problems.push(`revision ${entry.revision} went to ${next}; from its state follows ${expected}.`);
      if (decision.nextStepName !== next)
        problems.push(`revision ${entry.revision} went to ${next}, decided was ${decision.nextStepName}.`);
    }
    for (const { key, value } of decision?.updatedContext ?? []) context = { ...context, [key]: value };
    const enters = entry.kind === 'started' || entry.kind === 'advanced' || next !== stepName;
    if (enters) visits = { ...visits, [next]: (visits[next] ?? 0) + 1 };
    definitionHash = entry.definitionHash ?? definitionHash;
  }
  const last = entries.at(-1);
  const told = {
    revision: last?.revision,
    currentStepName: last?.determinedNextStep,
    status: last?.status,
    definitionHash,
    context,
    visits,
  };
  for (const [member, value] of Object.entries(told)) {
    const stored = head[member as keyof Head];
    if (!isDeepStrictEqual(stored, value))
      problems.push(
        `${member} is ${JSON.stringify(stored)}, and its history tells ${JSON.stringify(value)}.`,
      );
  }
  return problems;
}

function lostAnswers(
  head: Head,
  entries: readonly Entry[],
  acknowledged: readonly Acknowledged[],
): readonly string[] {
  const byRevision = new Map(entries.map((entry) => [entry.revision, entry]));
  return acknowledged.flatMap(({ call, answer }) => {
    const entry = byRevision.get(answer.revision);
    const what = `the acknowledged revision ${answer.revision} of call ${call}`;
    if (entry === undefined) return [`${what} is lost.`];
    if (callOf(entry) !== call) return [`${what} is recorded as that of call ${callOf(entry)}.`];
    if (entry.determinedNextStep !== answer.next_step.step_name)
      return [`${what} leads to ${entry.determinedNextStep}, not to ${answer.next_step.step_name}.`];
    const following = byRevision.get(answer.revision + 1);
    const token = following === undefined ? head.stepToken : following.stepToken;
    return token === answer.step_token ? [] : [`${what} was given a token that was never good.`];
  });
}

async function stuck(engine: Engine, head: Head): Promise<readonly string[]> {
  const { instanceId, revision, stepToken } = head;
  try {
    const status = await engine.status({ instanceId });
    if (status.status === 'SUSPENDED')
      await engine.resume({ instanceId, assumedCurrentStepName: head.currentStepName });
    else if (status.status !== 'RUNNING') return [];
    const { step_token, decision_request } = await engine.status({ instanceId });
    const moved = await engine.advance({
      instanceId,
      stepToken: status.status === 'RUNNING' ? stepToken : step_token,
      report: { status: 'success', result: { call: `one more of ${instanceId}` } },
      nextStepName: decision_request?.options[0],
    });
    return moved.revision > revision ? [] : [`${instanceId} did not take one more advance.`];
  } catch (error) {
    return [`${instanceId} is stuck: ${error instanceof Error ? error.message : String(error)}`];
  }
}
