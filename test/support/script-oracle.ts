import type { ComposedResult } from '../../src/composer/composer.ts';
import type { LedgerEntry } from './ledger.ts';
import type { ScriptFieldResult } from './script-field.ts';

/** One call of {@link wanderingScript} that leaves a trace. */
interface MadeCall {
  readonly seq: number;
  readonly tool: string;
  readonly entry: string;
}

/**
 * A script that makes so many calls, in sequence, at once, and against each other. Each carries a digest of everything
 * that the script was told until then, the order and the clock included: if it is told anything else the next time, it
 * calls something else. It returns the calls that it made.
 *
 * @param changing the tools that it changes something with, by luck
 */
export function wanderingScript(calls: number, changing: readonly string[]): string {
  return `
    const changing = ${JSON.stringify(changing)};
    const functions = { post: ledger__post, put: ledger__put, peek: ledger__peek };
    const made = [];
    let seq = 0;
    let digest = 0;
    const below = (end) => Math.floor(Math.random() * end);
    function hear(what) {
      for (const character of JSON.stringify([what, Date.now()]))
        digest = (Math.imul(digest, 31) + character.charCodeAt(0)) | 0;
    }
    async function call() {
      const tool = below(3) === 0 ? 'peek' : changing[below(changing.length)];
      const entry = (seq += 1) + ' ' + digest;
      if (tool !== 'peek') made.push({ seq, tool, entry });
      const mine = seq;
      const reply = await functions[tool]({ entry, turns: below(30) });
      hear([mine, reply]);
    }
    const some = () => Array.from({ length: Math.min(2 + below(6), ${calls} - seq) }, () => call());
    const late = [];
    while (seq < ${calls}) {
      const how = Math.abs(digest + below(100)) % 10;
      if (how < 4) await call();
      else if (how < 7) await Promise.all(some());
      else if (how < 9) {
        const racing = some();
        late.push(...racing);
        await Promise.race(racing);
      } else {
        seq += 1;
        await sleep(below(3));
        hear('slept');
      }
    }
    await Promise.all(late);
    return made;`;
}

/**
 * What is wrong with how a run of {@link wanderingScript} ended: every call that it made happened once, with what it was
 * made with, and no other call happened; or it is in doubt about one that may have, and none happened twice.
 */
export function judgeWandering(run: ScriptFieldResult): readonly string[] {
  const { result, problems, ledger, unfinished } = run;
  if (result === undefined) return problems;
  return [...problems, ...doubled(ledger), ...ending(result, ledger, unfinished)];
}

function doubled(ledger: readonly LedgerEntry[]): readonly string[] {
  const found: string[] = [];
  for (const [key, entries] of byKey(ledger)) {
    const effects = entries.filter(({ isRepeated }) => !isRepeated).length;
    if (effects !== 1) found.push(`Call ${key} happened ${effects} times.`);
    const contents = new Set(entries.map(({ tool, args }) => JSON.stringify([tool, args])));
    if (contents.size > 1) found.push(`Call ${key} was made as ${[...contents].join(' and as ')}.`);
  }
  return found;
}

function ending(
  { status, error, result, run_id }: ComposedResult,
  ledger: readonly LedgerEntry[],
  unfinished: readonly number[],
): readonly string[] {
  if (status === 'in_doubt') {
    const seq = Number(/^Call (\d+),/.exec(error?.message ?? '')?.[1]);
    if (!unfinished.includes(seq))
      return [`It is in doubt about call ${seq}, which the journal does not have.`];
    const entry = ledger.find(({ key }) => key === `${run_id}:${seq}`);
    if (entry !== undefined && JSON.stringify(entry.args) !== JSON.stringify(error?.args))
      return [`It is in doubt about ${JSON.stringify(error?.args)}, and made ${JSON.stringify(entry.args)}.`];
    return [];
  }
  if (status !== 'completed') return [`It is ${status}: ${error?.name} ${error?.message}`];
  const made = result as unknown as readonly MadeCall[];
  const found: string[] = [];
  const happened = byKey(ledger);
  for (const { seq, tool, entry } of made) {
    const key = `${run_id}:${seq}`;
    const [effect] = happened.get(key) ?? [];
    happened.delete(key);
    if (effect === undefined) found.push(`Call ${key} did not happen.`);
    else if (effect.tool !== tool || effect.args.entry !== entry)
      found.push(`Call ${key} was ${tool} ${entry}; what happened is ${effect.tool} ${effect.args.entry}.`);
  }
  for (const key of happened.keys()) found.push(`Call ${key} happened, and the script did not make it.`);
  return found;
}

function byKey(ledger: readonly LedgerEntry[]): Map<string, readonly LedgerEntry[]> {
  const keys = new Map<string, readonly LedgerEntry[]>();
  for (const entry of ledger) keys.set(entry.key, [...(keys.get(entry.key) ?? []), entry]);
  return keys;
}
