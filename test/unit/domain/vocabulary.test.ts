import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/domain/clock.ts';
import { DECIDERS, STATUS_SUGGESTIONS } from '../../../src/domain/decision.ts';
import { Defect, FAULTS, Fault } from '../../../src/domain/errors.ts';
import { isTransitionKind, NOTE_KINDS, TRANSITION_KINDS } from '../../../src/domain/history.ts';
import { randomIds } from '../../../src/domain/ids.ts';
import { INSTANCE_STATUSES, isFinished, visitsOf } from '../../../src/domain/instance.ts';
import { DEFAULT_LIMITS } from '../../../src/domain/limits.ts';
import { LOG_LEVELS, silentLogger } from '../../../src/domain/logger.ts';
import { reportedStep, sameReport } from '../../../src/domain/report.ts';
import { TOOLSETS } from '../../../src/domain/toolset.ts';

describe('faults', () => {
  test('take what they do not say from their code', () => {
    const fault = new Fault('AI_TIMEOUT', 'No answer.');
    expect(fault).toMatchObject({
      name: 'Fault',
      code: 'AI_TIMEOUT',
      message: 'No answer.',
      retryable: true,
    });
    const { hint, details, retryAfterMs, cause } = fault;
    expect([hint, details, retryAfterMs, cause].every((member) => member === undefined)).toBe(true);
  });

  test('carry what they say', () => {
    const cause = new Error('below');
    const options = { hint: 'Wait.', details: { a: 1 }, retryAfterMs: 5, retryable: false, cause };
    expect(new Fault('AI_TIMEOUT', 'No answer.', options)).toMatchObject(options);
  });

  test('every code has a meaning, a sentence', () => {
    for (const { meaning } of Object.values(FAULTS)) expect(meaning).toMatch(/^[A-Z].*\.$/);
  });

  test('a defect is no fault', () => {
    expect(new Defect('impossible')).toMatchObject({ name: 'Defect', message: 'impossible' });
    expect(new Defect('impossible')).not.toBeInstanceOf(Fault);
  });
});

test('what is finished never moves again', () => {
  expect(INSTANCE_STATUSES.filter(isFinished)).toEqual(['COMPLETED', 'FAILED', 'CANCELLED']);
});

test('visits are counted by own keys', () => {
  expect(visitsOf({ a: 2 }, 'a')).toBe(2);
  expect(visitsOf({ a: 2 }, 'constructor')).toBe(0);
});

test('transitions move an instance, notes do not', () => {
  expect(TRANSITION_KINDS.every(isTransitionKind)).toBe(true);
  expect(NOTE_KINDS.some(isTransitionKind)).toBe(false);
});

test('reports are the same whatever step they claim to be about', () => {
  expect(sameReport({ status: 'success', step_id: 'a' }, { status: 'success', step_id: 'b' })).toBe(true);
  expect(sameReport({ status: 'success' }, { step_id: 'b', status: 'success' })).toBe(true);
  expect(sameReport({ status: 'success' }, { status: 'failure' })).toBe(false);
  expect(reportedStep({ status: 'success', step_id: 'a' })).toBe('a');
  expect(reportedStep({ status: 'success', step_id: 1 })).toBeUndefined();
});

test('ids cannot be guessed', () => {
  expect(randomIds.instanceId()).toMatch(/^[0-9a-f-]{36}$/);
  expect(Buffer.from(randomIds.stepToken(), 'base64url')).toHaveLength(16);
  expect(new Set(Array.from({ length: 100 }, randomIds.stepToken)).size).toBe(100);
});

test('the clock of the system tells the time, and only forward', () => {
  const now = systemClock.now();
  expect(new Date(now).toISOString()).toBe(now);
  expect(systemClock.monotonicMs()).toBeLessThanOrEqual(systemClock.monotonicMs());
});

test('the silent logger says nothing', () => {
  for (const level of ['debug', 'info', 'warn', 'error'] as const)
    expect(silentLogger[level]('x')).toBeUndefined();
  expect(LOG_LEVELS).toContain('silent');
});

test('names are unique, and limits are positive', () => {
  for (const names of [DECIDERS, STATUS_SUGGESTIONS, TOOLSETS, LOG_LEVELS])
    expect(new Set<string>(names).size).toBe(names.length);
  for (const limit of Object.values(DEFAULT_LIMITS)) expect(limit).toBeGreaterThan(0);
});
