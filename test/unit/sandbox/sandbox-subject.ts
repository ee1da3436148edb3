import { afterAll, beforeAll } from 'vitest';
import { silentLogger } from '../../../src/domain/logger.ts';
import { createQuickjsRunner } from '../../../src/sandbox/quickjs-runner.ts';
import {
  type CallReply,
  DEFAULT_SCRIPT_LIMITS,
  type GuestCall,
  type RunScriptParams,
  type ScriptLimits,
  type ScriptOutcome,
  type ScriptRunner,
} from '../../../src/sandbox/runner.ts';
import { buildFaulty } from '../../support/faulty-build.ts';

export interface RunOptions extends Partial<Omit<RunScriptParams, 'source' | 'limits' | 'onCall'>> {
  readonly limits?: Partial<ScriptLimits>;
  readonly onCall?: (call: GuestCall) => Promise<CallReply | undefined> | CallReply;
}

/** A runner for the tests of one file, whose threads run what the sources are bundled to. */
export interface SandboxSubject {
  readonly runner: ScriptRunner;
  run(source: string, options?: RunOptions): Promise<ScriptOutcome>;
}

export function sandboxSubject(): SandboxSubject {
  let runner: ScriptRunner;
  let dispose: () => Promise<void>;
  beforeAll(async () => {
    const build = await buildFaulty({ entry: 'sandbox-room' });
    dispose = build.dispose;
    runner = createQuickjsRunner({ workerFile: build.sandboxWorkerFile, logger: silentLogger });
  });
  afterAll(async () => {
    await runner.close();
    await dispose();
  });
  return {
    get runner() {
      return runner;
    },
    run: (source, options = {}) => runner.run(scriptParams(source, options)),
  };
}

/** Unless told otherwise, `echo` and `files__read` reply with their first argument, and `files__fail` fails. */
export function scriptParams(source: string, { limits, onCall, ...rest }: RunOptions = {}): RunScriptParams {
  return {
    source,
    functionNames: ['echo', 'files__read', 'files__fail'],
    onCall: async (call) => (onCall ?? defaultReply)(call),
    now: () => 0,
    randomSeed: 1,
    ...rest,
    limits: { ...DEFAULT_SCRIPT_LIMITS, ...limits },
  };
}

export function defaultReply({ name, args }: GuestCall): CallReply {
  if (name !== 'files__fail') return { ok: true, value: args[0] ?? null };
  return { ok: false, message: 'There is no such file.', fields: { server: 'files', tool: 'fail' } };
}

/** A promise that a test settles, to say when something has happened. */
export function occurrence<Value = void>() {
  let happen: (value: Value) => void = () => {};
  const happened = new Promise<Value>((resolve) => {
    happen = resolve;
  });
  return { happened, happen };
}
