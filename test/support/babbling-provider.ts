import type { Random } from './campaign.ts';
import { type FakeProvider, type ReceivedRequest, type Reply, startFakeProvider } from './fake-provider.ts';
import { openaiWire } from './provider-wires.ts';

/** An OpenAI-compatible endpoint that does tasks well, and judges them by saying anything at all. */
export interface BabblingProvider {
  readonly env: Readonly<Record<string, string>>;
  /** Whether it really accepted that attempt at that task. */
  accepted(taskId: string, attempt: number): boolean;
  /** The most that was asked about one attempt. */
  judgementsMax(): number;
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
  openaiWire.error({ status: 400 }),
  openaiWire.error({ status: 401 }),
  openaiWire.error({ status: 404 }),
  { status: 200, body: '<html>Welcome to the hotel.</html>' },
  { status: 200, body: { accepted: true } },
  { status: 200, body: [] },
];
/** These are asked again after a pause, and are rare for that. */
const PASSING: readonly Reply[] = [openaiWire.error({ status: 503 }), 'reset', 'cut'];

export async function startBabblingProvider(random: Random): Promise<BabblingProvider> {
  const attempts = new Map<string, number>();
  const judgements = new Map<string, number>();
  const accepted = new Set<string>();

  function doTask(id: string): Reply {
    const attempt = (attempts.get(id) ?? 0) + 1;
    attempts.set(id, attempt);
    const result = JSON.stringify({ attempt });
    return openaiWire.text(JSON.stringify({ message: 'Done.', status: 'success', result }));
  }

  function judge(id: string): Reply {
    const key = `${id}/${attempts.get(id)}`;
    judgements.set(key, (judgements.get(key) ?? 0) + 1);
    if (random.chance(0.15)) {
      accepted.add(key);
      return openaiWire.text(ACCEPTANCE);
    }
    if (random.chance(0.15)) return openaiWire.text(REJECTION);
    return random.pick(random.chance(0.03) ? PASSING : BABBLE);
  }

  function answer({ body }: ReceivedRequest): Reply {
    const text = JSON.stringify(body);
    const id = /# Task (task-\d+)/.exec(text)?.[1];
    if (id === undefined) throw new Error(`There is no task in ${text}.`);
    return text.includes('Judge this result.') ? judge(id) : doTask(id);
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
    judgementsMax: () => Math.max(...judgements.values()),
    close: server.close,
  };
}
