import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  availableTransitions,
  react,
  type SessionEffect,
  type SessionEvent,
  type SessionPosition,
} from '../../../src/agent/machine.ts';
import { allowedNextSteps, FINISH, findStep } from '../../../src/domain/definition.ts';
import { definition, step } from '../../support/test-engine.ts';

const STATES = definition(
  [
    step('IDLE', { transitions: [{ to: 'CODE_REVIEW' }, { to: 'POLLING' }] }),
    step('CODE_REVIEW', { transitions: [{ to: 'IDLE' }, { to: FINISH }] }),
    step('POLLING', { transitions: [{ to: 'POLLING' }, { to: 'FREE' }] }),
    step('FREE'),
  ],
  { name: 'AGENT_STATES' },
);
const NAMES = STATES.steps.map(({ name }) => name);

const at = (state: string, extra: Partial<SessionPosition> = {}): SessionPosition => ({
  sessionId: 's',
  definition: STATES,
  state,
  status: 'RUNNING',
  ...extra,
});
const asked = (newState: string, extra: Partial<Extract<SessionEvent, { type: 'asked' }>> = {}) =>
  ({ type: 'asked', newState, ...extra }) as const;

function only(position: SessionPosition, event: SessionEvent): SessionEffect {
  const [next, effects] = react(position, event);
  expect(next).toEqual(position);
  expect(effects).toHaveLength(1);
  return effects[0] as SessionEffect;
}

function faultOf(position: SessionPosition, event: SessionEvent) {
  const effect = only(position, event);
  if (effect.type !== 'refuse') throw new Error(`expected a refusal, got ${effect.type}`);
  return effect.fault;
}

describe('what is available', () => {
  test('is what the state declares', () => {
    expect(availableTransitions(at('IDLE'))).toEqual(['CODE_REVIEW', 'POLLING']);
    expect(availableTransitions(at('CODE_REVIEW'))).toEqual(['IDLE', FINISH]);
    expect(availableTransitions(at('POLLING'))).toEqual(['POLLING', 'FREE']);
  });

  test('is every other state where nothing is declared, and neither the end nor itself', () => {
    expect(availableTransitions(at('FREE'))).toEqual(['IDLE', 'CODE_REVIEW', 'POLLING']);
  });

  test.each(['COMPLETED', 'CANCELLED', 'FAILED', 'SUSPENDED'] as const)('is nothing when %s', (status) => {
    expect(availableTransitions(at('IDLE', { status }))).toEqual([]);
  });
});

describe('a change that is asked for', () => {
  test.each(['CODE_REVIEW', 'code review', 'Code-Review'])(
    'names its state as run-time names do: %s',
    (name) => {
      expect(only(at('IDLE'), asked(name))).toEqual({ type: 'advance', to: 'CODE_REVIEW' });
    },
  );

  test('is refused with the allowed ones where it is not declared', () => {
    const fault = faultOf(at('IDLE'), asked('FREE'));
    expect(fault).toMatchObject({
      code: 'STEP_NOT_ALLOWED',
      details: { state: 'IDLE', available_transitions: ['CODE_REVIEW', 'POLLING'] },
    });
    expect(fault.message).toBe('"FREE" cannot follow "IDLE". Choose one of "CODE_REVIEW", "POLLING".');
  });

  test.each(['IDLE', 'FINISH', 'REVIEW', '', '%'])('is refused for %j too', (name) => {
    expect(faultOf(at('IDLE'), asked(name)).code).toBe('STEP_NOT_ALLOWED');
  });

  test('leads to the end, and to the same state, only where that is declared', () => {
    expect(only(at('CODE_REVIEW'), asked('finish'))).toEqual({ type: 'advance', to: FINISH });
    expect(only(at('POLLING'), asked('POLLING'))).toEqual({ type: 'advance', to: 'POLLING' });
    expect(faultOf(at('FREE'), asked('FREE')).code).toBe('STEP_NOT_ALLOWED');
    expect(faultOf(at('FREE'), asked('FINISH')).code).toBe('STEP_NOT_ALLOWED');
  });

  test('is refused when the session has ended or waits for a person', () => {
    const ended = faultOf(at(FINISH, { status: 'COMPLETED' }), asked('IDLE'));
    expect(ended).toMatchObject({ code: 'STEP_NOT_ALLOWED', details: { available_transitions: [] } });
    const suspended = at('IDLE', { status: 'SUSPENDED', statusReason: 'Too often.', instanceId: 'i-1' });
    const fault = faultOf(suspended, asked('POLLING'));
    expect(fault).toMatchObject({ code: 'INSTANCE_SUSPENDED', hint: expect.stringContaining('"i-1"') });
    expect(fault.message).toContain('Too often.');
  });
});

describe('a change that happened', () => {
  test('is announced, then answered', () => {
    const change = { from: 'IDLE', to: 'POLLING', requested: 'POLLING', reason: 'why' };
    const [next, effects] = react(at('IDLE'), { type: 'moved', change, status: 'RUNNING' });
    expect(next).toEqual(at('POLLING', { last: change, statusReason: undefined }));
    expect(effects).toEqual([{ type: 'announce' }, { type: 'answer', change, replayed: false }]);
  });
});

describe('a repeat', () => {
  const last = { from: 'IDLE', to: 'CODE_REVIEW', requested: 'CODE_REVIEW', reason: 'why' };
  const again = { type: 'answer', change: last, replayed: true };

  test('asks for the state that the last change led to, for the same reason', () => {
    const position = at('CODE_REVIEW', { last });
    expect(only(position, asked('code_review', { reason: 'why' }))).toEqual(again);
    expect(only(position, asked('CODE_REVIEW', { reason: 'why', requestId: 'fresh' }))).toEqual(again);
    expect(faultOf(position, asked('CODE_REVIEW')).code).toBe('STEP_NOT_ALLOWED');
    expect(faultOf(position, asked('CODE_REVIEW', { reason: 'other' })).code).toBe('STEP_NOT_ALLOWED');
  });

  test('is answered also at the end', () => {
    const finished = { from: 'CODE_REVIEW', to: FINISH, requested: FINISH };
    const position = at(FINISH, { last: finished, status: 'COMPLETED' });
    expect(only(position, asked(FINISH))).toEqual({ type: 'answer', change: finished, replayed: true });
  });

  test('of a change to the same state needs a key to be told from a new one', () => {
    const loop = { from: 'POLLING', to: 'POLLING', requested: 'POLLING' };
    const position = at('POLLING', { last: loop });
    expect(only(position, asked('POLLING'))).toEqual({ type: 'answer', change: loop, replayed: true });
    expect(only(position, asked('POLLING', { requestId: 'fresh' }))).toEqual({
      type: 'advance',
      to: 'POLLING',
    });
  });

  test('is known by its key, however long ago it was', () => {
    const position = at('FREE', { last: { from: 'POLLING', to: 'FREE', requested: 'FREE' } });
    const call = { requestId: 'r1', seen: last };
    expect(only(position, asked('CODE_REVIEW', { ...call, reason: 'why' }))).toEqual(again);
    expect(faultOf(position, asked('CODE_REVIEW', call)).code).toBe('REQUEST_ID_REUSED');
    expect(faultOf(position, asked('IDLE', { ...call, reason: 'why' })).code).toBe('REQUEST_ID_REUSED');
  });

  test('asks for what was asked for then, or for what came of it', () => {
    const redirected = { from: 'IDLE', to: 'POLLING', requested: 'CODE_REVIEW' };
    for (const newState of ['CODE_REVIEW', 'POLLING'])
      expect(only(at('FREE'), asked(newState, { requestId: 'r1', seen: redirected }))).toMatchObject({
        type: 'answer',
        replayed: true,
      });
    // Without a key, too: the call may have been sent again because its answer was lost.
    expect(only(at('POLLING', { last: redirected }), asked('CODE_REVIEW'))).toMatchObject({
      type: 'answer',
      replayed: true,
      change: redirected,
    });
  });
});

test('no sequence of events leaves the declared graph', () => {
  const anyName = fc.oneof(
    fc.constantFrom(...NAMES, FINISH, 'code review', 'idle', '__proto__', 'toString'),
    fc.string(),
  );
  const anyEvent = fc.record({
    newState: anyName,
    reason: fc.constantFrom(undefined, 'a', 'b'),
    requestId: fc.constantFrom(undefined, 'r1', 'r2', 'r3'),
  });
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
      let position = at('IDLE');
      const seen = new Map<string, NonNullable<SessionPosition['last']>>();
      for (const event of events) {
        const [unmoved, [effect]] = react(position, {
          type: 'asked',
          ...event,
          seen: seen.get(event.requestId ?? ''),
        });
        expect(unmoved).toBe(position);
        if (effect?.type !== 'advance') continue;
        const from = findStep(STATES, position.state);
        expect(from).toBeDefined();
        if (from !== undefined) expect(allowedNextSteps(STATES, from)).toContain(effect.to);
        const change = {
          from: position.state,
          to: effect.to,
          requested: effect.to,
          reason: event.reason,
        };
        if (event.requestId !== undefined) seen.set(event.requestId, change);
        const status = effect.to === FINISH ? 'COMPLETED' : 'RUNNING';
        [position] = react(position, { type: 'moved', change, status });
        expect([...NAMES, FINISH]).toContain(position.state);
        // Whatever is sent twice in a row is answered twice, and moves nothing the second time.
        const [, [second]] = react(position, {
          type: 'asked',
          ...event,
          seen: seen.get(event.requestId ?? ''),
        });
        expect(second).toEqual({ type: 'answer', change, replayed: true });
      }
    }),
  );
});
