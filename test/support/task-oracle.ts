import { isDeepStrictEqual } from 'node:util';
import Database from 'better-sqlite3';
import { isJsonObject } from '../../src/domain/json.ts';
import { taskId } from '../../src/domain/task.ts';
import { type AuditedTask, openAuditTrail, type TaskWrite } from './task-audit.ts';

/** What the trail of all writes says of the queue. */
export interface TaskFindings {
  /** What is wrong, one sentence each; nothing should be. */
  readonly problems: readonly string[];
  readonly completed: number;
  readonly failed: number;
  readonly claims: number;
  /** How often a task went back because its lease had ended. */
  readonly expired: number;
  /** How often a worker gave one back that it had not worked on to the end, so that the attempt does not count. */
  readonly released: number;
  /** How often an attempt came to nothing, and counts. */
  readonly handedBack: number;
  /** For each lease that ended, where somebody claimed the task again: milliseconds since the worker before was last heard of. */
  readonly reclaimsMs: readonly number[];
  /** Runs of workflows that one worker began and another one went on with. */
  readonly continued: number;
}

/**
 * Judges the queue by the trail that SQLite kept of it, and not by what it says of itself: each task was completed or
 * failed once and for all, by whoever held it, and nothing else ever happened to it; its fencing token grew with every
 * change of hands, its attempts with every claim and never above their bound; and the run of its workflow is one run,
 * however many workers had a hand in it.
 */
export function consultTaskOracle(databasePath: string): TaskFindings {
  const trail = openAuditTrail(databasePath);
  const writes = trail.read().filter((write) => write.what === 'task');
  const left = trail.unfinished();
  const taskCount = trail.taskCount();
  trail.close();
  const lives = livesOf(writes);
  const examined = [...lives].map(([number, life]) => examine(taskId(number), life));
  const ends = [...lives.values()].map((life) => life.at(-1)?.after?.status);
  const kinds = writes.map(kindOf);
  const count = (kind: Kind) => kinds.filter((one) => one === kind).length;
  return {
    problems: [
      ...examined.flatMap(({ problems }) => problems),
      ...left.map(({ taskNumber, status }) => `${taskId(taskNumber)} is ${status}: nobody ended it.`),
      ...(taskCount === lives.size ? [] : [`${lives.size} tasks were added, and ${taskCount} are there.`]),
      ...examineRuns(databasePath, lives),
    ],
    completed: ends.filter((status) => status === 'completed').length,
    failed: ends.filter((status) => status === 'failed').length,
    claims: count('claim'),
    expired: count('expiry'),
    released: count('release'),
    handedBack: count('return'),
    reclaimsMs: examined.flatMap(({ reclaimsMs }) => reclaimsMs),
    continued: continuedRuns(databasePath),
  };
}

type Lives = ReadonlyMap<number, readonly TaskWrite[]>;

function livesOf(writes: readonly TaskWrite[]): Lives {
  const lives = new Map<number, TaskWrite[]>();
  for (const write of writes) {
    const life = lives.get(write.taskNumber);
    if (life === undefined) lives.set(write.taskNumber, [write]);
    else life.push(write);
  }
  return lives;
}

type Kind = 'adding' | 'claim' | 'renewal' | 'completion' | 'failure' | 'expiry' | 'release' | 'return';

/** What a write was, by what it did; undefined for what must never be. */
function kindOf({ before, after, atMs }: TaskWrite): Kind | undefined {
  if (after === undefined) return undefined;
  if (before === undefined) return after.status === 'pending' ? 'adding' : undefined;
  switch (`${before.status} -> ${after.status}`) {
    case 'pending -> in_progress':
      return 'claim';
    case 'in_progress -> in_progress':
      return 'renewal';
    case 'in_progress -> completed':
      return 'completion';
    case 'in_progress -> pending':
      if (after.attempts < before.attempts) return 'release';
      return hasEnded(before, atMs) ? 'expiry' : 'return';
    case 'in_progress -> failed':
      return hasEnded(before, atMs) && after.fencingToken > before.fencingToken ? 'expiry' : 'failure';
    default:
      return undefined;
  }
}

function hasEnded({ leaseExpiresAt }: AuditedTask, atMs: number): boolean {
  return leaseExpiresAt !== null && Date.parse(leaseExpiresAt) <= atMs;
}

type Counted = 'fencingToken' | 'attempts' | 'runNumber';

/** By how much each write may change what is counted. */
const STEPS: Readonly<Record<Exclude<Kind, 'adding'>, Readonly<Record<Counted, readonly number[]>>>> = {
  claim: { fencingToken: [1], attempts: [1], runNumber: [0] },
  renewal: { fencingToken: [0], attempts: [0], runNumber: [0] },
  completion: { fencingToken: [0], attempts: [0], runNumber: [0] },
  // By its worker's own verdict, or because it was handed back for the last time.
  failure: { fencingToken: [0, 1], attempts: [0], runNumber: [0, 1] },
  // Whoever takes it over goes on with the same run.
  expiry: { fencingToken: [1], attempts: [0], runNumber: [0] },
  release: { fencingToken: [1], attempts: [-1], runNumber: [0] },
  return: { fencingToken: [1], attempts: [0], runNumber: [0, 1] },
};

function examine(id: string, life: readonly TaskWrite[]) {
  const problems: string[] = [];
  const reclaimsMs: number[] = [];
  let previous: TaskWrite | undefined;
  /** When the worker was last heard of that had the task before. */
  let lastSignMs: number | undefined;
  let endings = 0;
  for (const write of life) {
    problems.push(...wrongWrite(write));
    if (!isDeepStrictEqual(write.before, previous?.after))
      problems.push('something was written that left no trail.');
    const kind = kindOf(write);
    if (kind === 'expiry' && write.after?.status === 'pending') lastSignMs = previous?.atMs;
    if (kind === 'claim' && lastSignMs !== undefined) {
      reclaimsMs.push(write.atMs - lastSignMs);
      lastSignMs = undefined;
    }
    if (write.after?.status === 'completed' || write.after?.status === 'failed') endings++;
    previous = write;
  }
  if (endings > 1) problems.push(`it was ended ${endings} times.`);
  return { problems: problems.map((problem) => `${id}: ${problem}`), reclaimsMs };
}

function wrongWrite(write: TaskWrite): readonly string[] {
  const { before, after } = write;
  const kind = kindOf(write);
  const what = `${before?.status} -> ${after?.status}`;
  if (kind === undefined || after === undefined) return [`${what} must never be.`];
  if (kind === 'adding' || before === undefined) return [];
  const problems = Object.entries(STEPS[kind]).flatMap(([member, steps]) => {
    const [from, to] = [before[member as Counted], after[member as Counted]];
    return steps.includes(to - from) ? [] : [`in a ${kind}, ${member} went from ${from} to ${to}.`];
  });
  const { attempts, maxAttempts, fencingToken } = after;
  if (attempts > maxAttempts) problems.push(`it has ${attempts} attempts of ${maxAttempts}.`);
  if (after.status === 'pending' && attempts >= maxAttempts)
    problems.push('it waits, and has no attempt left.');
  if (after.status === 'failed' && fencingToken > before.fencingToken && attempts < maxAttempts)
    problems.push(`it failed after ${attempts} of ${maxAttempts} attempts.`);
  if (kind === 'renewal' && before.startedAt !== after.startedAt)
    problems.push(`two workers have it under fencing token ${fencingToken}.`);
  if (kind === 'renewal' && before.instanceId !== null && before.instanceId !== after.instanceId)
    problems.push(`its run ${before.instanceId} was left for ${after.instanceId}.`);
  if (after.status === 'in_progress' && after.leaseExpiresAt === null)
    problems.push('nobody can take it over.');
  if (kind === 'completion') problems.push(...foreignResult(after));
  return problems;
}

/** Campaigns have attempts say which one they are. */
function foreignResult({ result, attempts, instanceId }: AuditedTask): readonly string[] {
  if (!isJsonObject(result)) return [];
  const problems: string[] = [];
  if (result.attempt !== undefined && result.attempt !== attempts)
    problems.push(
      `it was completed with the result of attempt ${result.attempt} while ${attempts} was under way.`,
    );
  if (result.instance_id !== undefined && result.instance_id !== instanceId)
    problems.push(`it was completed with run ${result.instance_id}, and its run is ${instanceId}.`);
  return problems;
}

interface Run {
  readonly instanceId: string;
  readonly requestId: string | null;
  readonly status: string;
}

/** Each run number of a task is one run, and there are no others. */
function examineRuns(databasePath: string, lives: Lives): readonly string[] {
  const runs = query<Run>(
    databasePath,
    `SELECT i.instance_id AS instanceId, i.status, h.request_id AS requestId FROM workflow_instances i
     LEFT JOIN workflow_history h ON h.instance_id = i.instance_id AND h.kind = 'started'`,
  );
  const problems: string[] = [];
  const byRequest = new Map(runs.map((run) => [run.requestId, run]));
  if (byRequest.size < runs.length)
    problems.push(`${runs.length} runs were begun for ${byRequest.size} requests.`);
  for (const [number, life] of lives) {
    const task = life.at(-1)?.after;
    if (task === undefined || task.workflowName === null) continue;
    const request = `task/${taskId(number)}/${task.runNumber}`;
    const run = byRequest.get(request);
    if (task.status === 'completed' && run?.status !== 'COMPLETED')
      problems.push(`${taskId(number)} is completed, and its run is ${run?.status}.`);
    if (task.status === 'completed' && run?.instanceId !== task.instanceId)
      problems.push(
        `${taskId(number)} names the run ${task.instanceId}, and ${request} is ${run?.instanceId}.`,
      );
  }
  return problems;
}

function continuedRuns(databasePath: string): number {
  return query(
    databasePath,
    `SELECT instance_id FROM workflow_history GROUP BY instance_id
     HAVING count(DISTINCT json_extract(user_report, '$.result.attempt')) > 1`,
  ).length;
}

function query<Row>(databasePath: string, sql: string): readonly Row[] {
  const database = new Database(databasePath, { readonly: true, timeout: 5_000 });
  try {
    return database.prepare<[], Row>(sql).all();
  } finally {
    database.close();
  }
}
