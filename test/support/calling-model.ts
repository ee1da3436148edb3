import { type FakeProvider, startFakeProvider } from './fake-provider.ts';
import { geminiWire } from './provider-wires.ts';
import type { Scratch } from './scratch.ts';

/** What the model is asked, of one request about a task. */
export interface Asked {
  /** The rounds of calls that it is told of. */
  readonly rounds: number;
  /** All of the request, as text. */
  readonly text: string;
}

/** What it answers with: calls of tools, a result, or why there is none. */
export type Answered =
  | { readonly calls: readonly (readonly [server: string, tool: string, args: object])[] }
  | { readonly result: string }
  | { readonly error: string };

/** Gemini, as it looks from outside, which does tasks with tools. */
export interface CallingModel {
  readonly env: Readonly<Record<string, string>>;
  /** What it was asked in order to do tasks. */
  readonly asked: readonly Asked[];
  /** What it was asked in order to judge results, all of which it accepts. */
  readonly judged: readonly string[];
}

export async function startCallingModel(
  scratch: Scratch,
  answer: (asked: Asked) => Answered,
): Promise<CallingModel> {
  const asked: Asked[] = [];
  const judged: string[] = [];
  const provider: FakeProvider = await startFakeProvider(({ body }) => {
    const text = textsOf([body.systemInstruction, body.contents]).join('\n');
    if (text.includes('Judge this result.')) {
      judged.push(text);
      return geminiWire.text('{"reasoning": "It is there.", "accepted": true, "feedback": ""}');
    }
    const question = { rounds: text.match(/^# Calls, round/gm)?.length ?? 0, text };
    asked.push(question);
    return geminiWire.text(JSON.stringify(wireOf(answer(question))));
  });
  scratch.onDispose(() => provider.close());
  return {
    env: {
      AI_PROVIDER: 'gemini',
      GEMINI_MODEL_NAME: 'gemini-test',
      AI_SERVICE_API_KEY: 'none',
      AI_SERVICE_ENDPOINT: provider.origin,
    },
    asked,
    judged,
  };
}

function wireOf(answered: Answered): object {
  if ('error' in answered) return { message: answered.error, calls: [], status: 'failure', result: '' };
  if ('result' in answered)
    return { message: 'Done.', calls: [], status: 'success', result: answered.result };
  const calls = answered.calls.map(([server, tool, args]) => ({
    server,
    tool,
    arguments: JSON.stringify(args),
  }));
  return { message: 'One moment.', calls, status: 'working', result: '' };
}

/** All texts in a value. */
function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}
