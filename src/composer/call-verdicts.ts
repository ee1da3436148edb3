import { isJsonObject, type JsonValue } from '../domain/json.ts';
import type { JournaledCall } from '../domain/script-run.ts';
import type { GuestCall } from '../sandbox/runner.ts';
import type { DoubtfulCall } from './call-log.ts';
import type { ComposedError } from './composer.ts';
import { targetOf } from './script-functions.ts';

const ARGS_BYTES_MAX = 64 * 1024;
const OTHERS_NAMED_MAX = 10;

/** The call is not the one that the journal has under its number: what was recorded says nothing about this script. */
export function divergence(
  call: GuestCall & Pick<JournaledCall, 'argsHash'>,
  recorded: JournaledCall,
): ComposedError {
  const difference = differenceOf(call, recorded);
  return {
    name: 'DivergenceError',
    message: `Call ${call.seq} of the script is another one than in the attempt that was cut off: ${difference}. What was done until then stays done; run what is left to do under another run_id.`,
    line: call.line,
  };
}

function differenceOf(
  { name, argsHash }: Pick<JournaledCall, 'name' | 'argsHash'>,
  recorded: JournaledCall,
): string {
  if (name !== recorded.name) return `it calls \`${name}\` now, and called \`${recorded.name}\` then`;
  if (argsHash !== recorded.argsHash) return `\`${name}\` was called with other arguments then`;
  return `\`${name}\` was another tool then, ${recorded.target}`;
}

export interface DoubtParams {
  readonly call: DoubtfulCall;
  /** All that are, this one included. */
  readonly doubtful: readonly Pick<JournaledCall, 'seq' | 'name'>[];
}

/** The call was cut off, and nobody knows whether it happened. */
export function doubt({ call, doubtful }: DoubtParams): ComposedError {
  const others = doubtful.filter(({ seq }) => seq !== call.seq);
  const named = others.slice(0, OTHERS_NAMED_MAX).map(({ seq, name }) => `call ${seq}, \`${name}\``);
  const more = others.length > named.length ? [`${others.length - named.length} more`] : [];
  const also = others.length === 0 ? '' : ` The same is true of ${[...named, ...more].join('; ')}.`;
  return {
    name: 'InDoubtError',
    message: `Call ${call.seq}, \`${call.name}\`, was under way when the script was cut off: it may have happened, and its tool does not say that it may be repeated.${also} Nothing more was executed. Look whether it happened, and run what is left to do under another run_id.`,
    line: call.line,
    ...targetOf(call.called),
    retryable: false,
    args: shownArgs(call.args?.[0]),
  };
}

function shownArgs(args: JsonValue | undefined): ComposedError['args'] {
  if (!isJsonObject(args) || Buffer.byteLength(JSON.stringify(args)) > ARGS_BYTES_MAX) return undefined;
  return args;
}
