import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Answer } from '../../src/engine/answer.ts';
import { startCampaign } from '../support/campaign.ts';
import { startFakeProvider } from '../support/fake-provider.ts';
import { CampaignOver, type FaultyServers, withFaultyServers } from '../support/faulty-servers.ts';
import type { ToolOutcome, WireFailure } from '../support/mcp-clients.ts';
import { MUTANTS, type Mutant } from '../support/mutants.ts';
import { decisionText, openaiWire } from '../support/provider-wires.ts';
import type { RawServer } from '../support/raw-server.ts';
import { workflowFiles } from '../support/workflow-files.ts';

/** How often the same call is sent in each way. */
const REPEATS = 100;
const WORKFLOW = 'PING_PONG';
const NEXT: Readonly<Record<string, string>> = { ping: 'pong', pong: 'ping' };

/** The ways in which a call says which one it is. */
const KEYS = {
  request_id: (_position: Answer, call: string) => ({ request_id: call }),
  step_token: (position: Answer) => ({ step_token: position.step_token }),
  step_id: () => ({}),
} as const;

describe('R2: the same call, again and again', () => {
  test('one answer, one history row, one question to the model', async () => {
    const campaign = startCampaign('R2 repeats');
    const { violations, calls, questions } = await repeats(campaign.times(1, 10));
    campaign.report({ calls, questions, violations: violations.length });
    expect(violations).toEqual([]);
    expect(calls).toBeGreaterThan(10 * REPEATS);
  });

  const { noKeyCheck, noCompareAndSwap, answerBeforeCommit } = MUTANTS;
  test.each([noKeyCheck, noCompareAndSwap, answerBeforeCommit])('catches: $name', async (mutant) => {
    const campaign = startCampaign(`R2 without a guard: ${mutant.name}`);
    const { violations } = await repeats(1, mutant);
    campaign.report({ violations: violations.length, first: violations[0]?.slice(0, 120) });
    expect(violations).not.toEqual([]);
  });
});

async function repeats(rounds: number, mutant?: Mutant) {
  const counted = { calls: 0, questions: 0 };
  const violations = await withFaultyServers({
    mutant,
    async work(servers) {
      const { scratch, problems } = servers;
      await scratch.writeWorkflow(WORKFLOW, workflowFiles({ steps: { ping: {}, pong: {} } }));
      const provider = await startFakeProvider();
      scratch.onDispose(() => provider.close());
      const start = () =>
        servers.start({
          AI_PROVIDER: 'openai',
          OPENAI_MODEL_NAME: 'test-model',
          AI_SERVICE_API_KEY: 'key-of-the-test',
          AI_SERVICE_ENDPOINT: `${provider.origin}/v1`,
        });
      let one = await start();
      const two = await start();

      /** Sends copies of a call, which the model is to be asked about at most so many times. */
      async function send(params: {
        readonly position: Answer;
        readonly args: object;
        readonly call: string;
        readonly asked: number;
        readonly copies: () => Promise<readonly ToolOutcome[]>;
      }): Promise<Answer> {
        const { position, call, asked } = params;
        const before = provider.requests.length;
        const decided = openaiWire.text(
          decisionText({ next_step_name: NEXT[position.next_step.step_name] ?? '' }),
        );
        // No reply before everybody who will ask has asked: so nobody's commit can come first.
        const replies = Array.from({ length: REPEATS }, (_, index) =>
          index < asked ? provider.request(before + asked).then(() => decided) : decided,
        );
        provider.willReply(...replies);
        const outcomes = await params.copies();
        provider.forgetReplies();
        const questions = provider.requests.length - before;
        counted.calls += outcomes.length;
        counted.questions += questions;
        if (questions !== asked) problems.push(`${call}: the model was asked ${questions} times.`);
        const answers = outcomes.map(({ body }) => ({ ...(body as Answer), replayed: undefined }));
        const [first] = answers;
        if (first === undefined) throw new Error('Nothing was sent.');
        for (const answer of answers)
          if (!isDeepStrictEqual(answer, first))
            problems.push(`${call}: ${JSON.stringify(answer)}, and before: ${JSON.stringify(first)}`);
        if (outcomes.some(({ isError }) => isError)) {
          problems.push(`${call} failed: ${JSON.stringify(outcomes.find(({ isError }) => isError)?.body)}`);
          throw new CampaignOver();
        }
        servers.acknowledged.push({ instanceId: first.instance_id, call, answer: first });
        if (problems.length > 0) throw new CampaignOver();
        return first;
      }

      for (let round = 0; round < rounds; round++) {
        for (const [kind, keyOf] of Object.entries(KEYS)) {
          const label = `${round}/${kind}`;
          let position = await startedOnce({ servers, two, one, label });
          servers.exposeDefect();
          const call = (name: string) => {
            const id = `${label}/${name}`;
            const args = {
              instance_id: position.instance_id,
              ...keyOf(position, id),
              report: {
                status: 'success',
                result: { call: id },
                ...(kind === 'step_id' && { step_id: position.next_step.step_name }),
              },
              context_updates: { last: id },
            };
            return { position, args, call: id };
          };
          const atOnce = (server: RawServer, args: object, times: number) =>
            Array.from({ length: times }, () => server.callTool('advance_workflow', args));

          const sequence = call('in sequence');
          position = await send({
            ...sequence,
            asked: 1,
            copies: () => inSequence(one, sequence.args),
          });
          const simultaneous = call('at once');
          position = await send({
            ...simultaneous,
            asked: 1,
            copies: () => Promise.all(atOnce(one, simultaneous.args, REPEATS)),
          });
          const spread = call('at once to two servers');
          position = await send({
            ...spread,
            asked: 2,
            copies: () =>
              Promise.all([one, two].flatMap((server) => atOnce(server, spread.args, REPEATS / 2))),
          });
          const restarted = call('after a restart');
          position = await send({
            ...restarted,
            asked: 1,
            async copies() {
              const heard = await one.callTool('advance_workflow', restarted.args);
              one.kill('SIGKILL');
              await one.exited;
              one = await start();
              return [heard, ...(await inSequence(one, restarted.args))];
            },
          });
          problems.push(...(await otherReport({ one, kind, args: restarted.args })));
        }
      }
    },
  });
  return { violations, ...counted };
}

async function inSequence(server: RawServer, args: object): Promise<readonly ToolOutcome[]> {
  const outcomes: ToolOutcome[] = [];
  for (let copy = 0; copy < REPEATS; copy++) outcomes.push(await server.callTool('advance_workflow', args));
  return outcomes;
}

/** Many starts with one key, at two servers, make one instance. */
async function startedOnce(params: {
  readonly servers: FaultyServers;
  readonly one: RawServer;
  readonly two: RawServer;
  readonly label: string;
}): Promise<Answer> {
  const { servers, one, two, label } = params;
  const args = { workflow_name: WORKFLOW, request_id: `start ${label}` };
  const outcomes = await Promise.all(
    Array.from({ length: REPEATS }, (_, copy) =>
      (copy % 2 === 0 ? one : two).callTool('start_workflow', args),
    ),
  );
  const ids = new Set(outcomes.map(({ body }) => (body as Answer).instance_id));
  if (ids.size !== 1) servers.problems.push(`${label}: one start made ${ids.size} instances.`);
  return outcomes[0]?.body as Answer;
}

/** The key of the last call, with other contents. */
async function otherReport(params: {
  readonly one: RawServer;
  readonly kind: string;
  readonly args: object;
}): Promise<readonly string[]> {
  const { one, kind, args } = params;
  const expected = kind === 'request_id' ? 'REQUEST_ID_REUSED' : 'STALE_STEP';
  const other = await one.callTool('advance_workflow', {
    ...args,
    report: { ...(args as { report: object }).report, status: 'failure' },
  });
  const { error_code } = other.body as WireFailure;
  return other.isError && error_code === expected ? [] : [`${kind} with another report: ${error_code}.`];
}
