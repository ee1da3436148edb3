import type { Random } from './campaign.ts';
import { type FakeProvider, type ReceivedRequest, type Reply, startFakeProvider } from './fake-provider.ts';
import { openaiWire } from './provider-wires.ts';

/** An OpenAI-compatible endpoint that does tasks well, and judges them by saying anything at all, or is out of order. */
export interface BabblingProvider {
  readonly env: Readonly<Record<string, string>>;
  /** Whether it really accepted that attempt at that task. */
  accepted(taskId: string, attempt: number): boolean;
  /** The most that was asked about one attempt. */
  judgementsMax(): number;
  /** How often it did a task. */
  executions(): number;
  /** Attempts that it may have spoiled by being out of order. */
  outages(): number;
  close(): Promise<void>;
}

const ACCEPTANCE = '{"reasoning": "It is all there.", "accepted": true, "feedback": ""}';
const REJECTION = '{"reasoning": "It is not.", "accepted": false, "feedback": "More."}';

const BABBLE: readonly Reply[] = [
  ...[
    '',
    'I accept this.',
    'accepted: true',
    '{"accepted": "true"}',
    '{"accepted": 1}',
    '{"accepted": null, "feedback": ""}',
    '{"accepted": false}',
    '{"accepted": false, "feedback": "  "}',
    '{"verdict": {"accepted": true}}',
    '{"reasoning": "accepted", "feedback": "accepted"}',
    '{"accepted": true',
    '\u0000\ufffd<<<',
    '['.repeat(60_000),
  ].map((text) => openaiWire.text(text)),
  openaiWire.truncated(ACCEPTANCE),
  openaiWire.refusal(),
  openaiWire.contentFilter(),
];
/** Nobody's fault but the provider's: the attempt does not count. */
const OUTAGES: readonly Reply[] = [
  openaiWire.error({ status: 400 }),
  openaiWire.error({ status: 401 }),
  openaiWire.error({ status: 404 }),
];
/** These are asked again after a pause, and are rare for that. */
const PASSING: readonly Reply[] = [
  openaiWire.error({ status: 503 }),
  { status: 200, body: '<html>Welcome to the hotel.</html>' },
  { status: 200, body: { accepted: true } },
  { status: 200, body: [] },
  'reset',
  'cut',
];

export interface BabblingParams {
  readonly random: Random;
  readonly outagesMax: number;
}

export async function startBabblingProvider({
  random,
  outagesMax,
}: BabblingParams): Promise<BabblingProvider> {
  const attempts = new Map<string, number>();
  let executions = 0;
  let outages = 0;
  const judgements = new Map<string, number>();
  const accepted = new Set<string>();

  function doTask(id: string, attempt: number): Reply {
    attempts.set(id, attempt);
    executions++;
    const result = JSON.stringify({ attempt });
    return openaiWire.text(JSON.stringify({ message: 'Done.', status: 'success', result }));
  }

  function judge(id: string): Reply {
    const key = `${id}/${attempts.get(id)}`;
    const execution = `${key}/${executions}`;
    judgements.set(execution, (judgements.get(execution) ?? 0) + 1);
    if (outages < outagesMax && random.chance(0.1)) {
      outages++;
      return random.pick(OUTAGES);
    }
    if (random.chance(0.15)) {
      accepted.add(key);
      return openaiWire.text(ACCEPTANCE);
    }
    if (random.chance(0.15)) return openaiWire.text(REJECTION);
    return random.pick(random.chance(0.03) ? PASSING : BABBLE);
  }

  function answer({ body }: ReceivedRequest): Reply {
    const text = JSON.stringify(body);
    const [, id, attempt = '1'] = /# Task (task-\d+)(?: \(attempt (\d+)\))?/.exec(text) ?? [];
    if (id === undefined) throw new Error(`There is no task in ${text}.`);
    return text.includes('Judge this result.') ? judge(id) : doTask(id, Number(attempt));
  }

  const server: FakeProvider = await startFakeProvider(answer);
  return {
    env: {
      AI_PROVIDER: 'openai',
      OPENAI_MODEL_NAME: 'babble',
      AI_SERVICE_API_KEY: 'none',
      AI_SERVICE_ENDPOINT: `${server.origin}/v1`,
    },
    accepted: (taskId, attempt) => accepted.has(`${taskId}/${attempt}`),
    executions: () => executions,
    outages: () => outages,
    judgementsMax: () => Math.max(...judgements.values()),
    close: server.close,
  };
}
