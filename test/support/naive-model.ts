import type { Answer } from '../../src/engine/answer.ts';
import type { ListedTool, ProtocolClient } from './protocol-client.ts';

/** What carrying out instructions comes to. */
interface Outcome {
  readonly message: string;
  /** What is worth keeping for later steps. */
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** Where the instructions contain `asked`, the outcomes happen one after the other; the last one stays. */
interface Happening {
  readonly asked: string;
  readonly outcomes: readonly Outcome[];
}

interface NaiveModelParams {
  readonly client: ProtocolClient;
  readonly world: readonly Happening[];
  /** It overlooks the first decision that it is asked for. */
  readonly forgetsToDecide?: boolean;
}

export interface NaiveModel {
  /** What it did, in order. */
  readonly log: readonly string[];
  readonly instructionsRead: readonly string[];
  readonly lastAnswer: Answer | undefined;
  /** Takes the only workflow that there is, and works until it is complete. */
  perform(wish: string, limit?: { readonly stepsMax: number }): Promise<void>;
  /** Starts with an empty memory, and finds its run by what the server's instructions say. */
  recover(): Promise<void>;
}

/**
 * A model of little wit: it has read the server's instructions and the tools' descriptions, and knows no name of a
 * tool, an argument or a step but from there and from the answers. It throws where those do not tell it enough.
 */
export function createNaiveModel({ client, world, forgetsToDecide = false }: NaiveModelParams): NaiveModel {
  const log: string[] = [];
  const instructionsRead: string[] = [];
  const happened = new Map<Happening, number>();
  let forgetful = forgetsToDecide;
  let answer: Answer | undefined;
  let tools: readonly ListedTool[] = [];

  async function read(): Promise<void> {
    tools = await client.listTools();
  }

  /** Only a tool that the instructions name, only arguments that its schema has, and all that it requires. */
  async function call(name: string, args: Readonly<Record<string, unknown>>) {
    const tool = tools.find((each) => each.name === name);
    if (tool === undefined || !client.instructions?.includes(name))
      throw new Error(`Nothing told me about ${name}.`);
    const { properties = {}, required = [] } = tool.inputSchema as {
      properties?: object;
      required?: readonly string[];
    };
    const given = Object.entries(args).filter(([, value]) => value !== undefined);
    const unknown = given.filter(([key]) => !(key in properties)).map(([key]) => key);
    const missing = required.filter((key) => args[key] === undefined);
    if (unknown.length > 0 || missing.length > 0)
      throw new Error(`${name}: I do not know ${unknown.join()}, and miss ${missing.join()}.`);
    const { isError, text } = await client.callTool(name, Object.fromEntries(given));
    return { isError, body: JSON.parse(text) };
  }

  function act(instructions: string): Outcome {
    const happening = world.find(({ asked }) => instructions.includes(asked));
    if (happening === undefined) throw new Error(`I cannot do this: ${instructions}`);
    const times = happened.get(happening) ?? 0;
    happened.set(happening, times + 1);
    return happening.outcomes[Math.min(times, happening.outcomes.length - 1)] ?? { message: '' };
  }

  async function carryOut(current: Answer): Promise<void> {
    const { step_name, instructions } = current.next_step;
    const { message, facts } = act(instructions);
    const report = {
      instance_id: current.instance_id,
      step_token: current.step_token,
      report: { status: 'success', message },
      context_updates: facts,
    };
    const question = forgetful ? undefined : current.decision_request;
    forgetful = false;
    let outcome = await call('advance_workflow', {
      ...report,
      next_step_name: question && choose(question, message),
    });
    if (outcome.isError && outcome.body.details?.options !== undefined) {
      log.push(outcome.body.error_code);
      if (!outcome.body.message.includes('next_step_name')) throw new Error('Nothing told me how to decide.');
      outcome = await call('advance_workflow', {
        ...report,
        next_step_name: choose(outcome.body.details, message),
      });
    }
    if (outcome.isError) throw new Error(`I am stuck: ${JSON.stringify(outcome.body)}`);
    take(outcome.body);
    log.push(`${step_name} -> ${outcome.body.next_step.step_name}`);
  }

  function take(next: Answer): void {
    answer = next;
    instructionsRead.push(next.next_step.instructions);
  }

  async function work(stepsMax: number): Promise<void> {
    for (let step = 0; step < stepsMax && answer?.status === 'RUNNING'; step++) await carryOut(answer);
  }

  return {
    log,
    instructionsRead,
    get lastAnswer() {
      return answer;
    },
    async perform(_wish, { stepsMax } = { stepsMax: 50 }) {
      await read();
      const listed = await call('list_workflows', {});
      const started = await call('start_workflow', { workflow_name: listed.body.workflows[0].name });
      log.push('start_workflow');
      take(started.body);
      await work(stepsMax);
    },
    async recover() {
      await read();
      const { body } = await call('list_instances', { status: 'RUNNING' });
      log.push('list_instances');
      const [run] = body.instances;
      const resumed = await call('resume_workflow', {
        instance_id: run.instance_id,
        assumed_current_step_name: run.current_step_name,
      });
      log.push(`resume_workflow ${resumed.body.reconciliation.verdict}`);
      take(resumed.body);
      await work(50);
    },
  };
}

/** Reads the guidance sentence by sentence: the first condition that the outcome meets, else what comes without one. */
function choose({ guidance, options }: NonNullable<Answer['decision_request']>, outcome: string): string {
  const sentences = guidance.split(/(?<=\.)\s+/);
  const met = sentences.find((sentence) => {
    const condition = /^if (?:it |there |the )?(.*?),/i.exec(sentence)?.[1];
    return condition !== undefined && outcome.includes(condition);
  });
  const sentence = met ?? sentences.find((each) => !/^if /i.test(each)) ?? '';
  const chosen = options.find((option) => sentence.toLowerCase().includes(option.toLowerCase()));
  if (chosen === undefined) throw new Error(`I cannot decide: ${guidance}`);
  return chosen;
}
