import { expect, test } from 'vitest';
import { exitCodeOf } from '../../../src/cli/exit-codes.ts';
import { Defect, FAULTS, Fault, type FaultCode } from '../../../src/domain/errors.ts';

test('only wrong or missing configuration and wrong usage are 2, every other fault is 1', () => {
  const codes = Object.keys(FAULTS) as FaultCode[];
  const two = codes.filter((code) => exitCodeOf(new Fault(code, 'x')) === 2);
  expect(two.sort()).toEqual([
    'CONFIG_INVALID',
    'INVALID_ARGUMENT',
    'MODEL_REQUIRED',
    'VERIFIER_UNAVAILABLE',
  ]);
  for (const code of codes.filter((each) => !two.includes(each)))
    expect(exitCodeOf(new Fault(code, 'x'))).toBe(1);
});

test('what nobody expected is 1', () => {
  for (const thrown of [new Defect('x'), new Error('x'), 'x', undefined]) expect(exitCodeOf(thrown)).toBe(1);
});
