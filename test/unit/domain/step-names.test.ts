import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  allowedNextSteps,
  type Definition,
  FINISH,
  findStep,
  type Step,
} from '../../../src/domain/definition.ts';
import { foldName, matchStepName, resolveProse } from '../../../src/domain/step-names.ts';

type Names = Pick<Step, 'name'> & Partial<Step>;

function definitionOf(...steps: readonly Names[]): Definition {
  return {
    name: 'TEST',
    goal: '',
    steps: steps.map((step) => ({
      fileStem: `file of ${step.name}`,
      guidance: '',
      instructions: '',
      ...step,
    })),
  };
}

describe('foldName', () => {
  test.each([
    ['Ask for Theme', 'askfortheme'],
    ['ask_for-theme!', 'askfortheme'],
    ['ＡＳＫ ①', 'ask1'],
    ['Größe', 'größe'],
    ['🎉 — …', ''],
  ])('%s', (name, folded) => {
    expect(foldName(name)).toBe(folded);
  });

  test('folding again changes nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        expect(foldName(foldName(name))).toBe(foldName(name));
      }),
    );
  });
});

describe('matchStepName', () => {
  test.each<[readonly string[], string, string | undefined]>([
    [['ask_theme', 'tell'], 'ask_theme', 'ask_theme'],
    [['ask_theme', 'tell'], 'Ask Theme', 'ask_theme'],
    [['ask_theme', 'tell'], 'Ask for Theme', undefined],
    [['ask_theme', 'tell'], 'ask', undefined],
    [['Ask', 'ASK'], 'ask', undefined],
    [['Ask', 'ASK'], 'ASK', 'ASK'],
    [['tell'], 'finish', undefined],
    [['tell', FINISH], 'finish', FINISH],
    [['🎉', 'tell'], '🎉', '🎉'],
    [['🎉', 'tell'], '!', undefined],
    [['tell'], '', undefined],
  ])('of %j, %j means %j', (candidates, name, expected) => {
    expect(matchStepName(candidates, name)).toBe(expected);
  });

  test('never gives a name that was not offered, and always one that was', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), fc.string(), (candidates, name) => {
        const match = matchStepName(candidates, name);
        if (match !== undefined) expect(candidates).toContain(match);
        for (const candidate of candidates) expect(matchStepName(candidates, candidate)).toBe(candidate);
      }),
    );
  });
});

describe('resolveProse', () => {
  const jokes = definitionOf(
    { name: 'ask_theme', fileStem: '01-ask', heading: 'Question the User' },
    { name: 'Tell Joke', fileStem: 'tell' },
    { name: 'tellAgain', fileStem: 'again', heading: 'Tell Joke' },
    { name: '🎉', fileStem: 'party' },
  );

  test.each<[string, string | undefined]>([
    ['ask_theme', 'ask_theme'],
    [' ASK THEME ', 'ask_theme'],
    ['01 ask', 'ask_theme'],
    ['question the user!', 'ask_theme'],
    ['Ask for Joke Theme', 'ask_theme'],
    ['Tell Joke', 'Tell Joke'],
    ['tell', 'Tell Joke'],
    ['the step that tells a joke', undefined],
    ['tell it again', 'tellAgain'],
    ['tell the joke again', undefined],
    ['party', '🎉'],
    ['🎉', '🎉'],
    ['Finish', 'FINISH'],
    ['finish now', 'FINISH'],
    ['nothing of the kind', undefined],
    ['…', undefined],
    ['', undefined],
  ])('%j means %j', (phrase, expected) => {
    expect(resolveProse(jokes, phrase)).toBe(expected);
  });

  test('an earlier kind of match decides, even by being ambiguous', () => {
    const twins = definitionOf({ name: 'Go' }, { name: 'GO!' }, { name: 'x', fileStem: 'go' });
    expect(resolveProse(twins, 'go')).toBeUndefined();
    expect(resolveProse(twins, 'Go')).toBe('Go');
  });

  test('a step named FINISH is the end', () => {
    const closing = definitionOf({ name: 'FINISH', fileStem: 'goodbye', heading: 'Say Goodbye' });
    expect(resolveProse(closing, 'say goodbye')).toBe('FINISH');
    expect(resolveProse(closing, 'finish')).toBe('FINISH');
  });

  test('gives a name of the definition or nothing, and every name for itself', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(
          fc
            .string({ minLength: 1 })
            .map((name) => name.trim())
            .filter((name) => name !== ''),
        ),
        fc.string(),
        (names, phrase) => {
          const definition = definitionOf(...names.map((name) => ({ name })));
          const found = resolveProse(definition, phrase);
          if (found !== undefined) expect([...names, FINISH]).toContain(found);
          for (const name of names) expect(resolveProse(definition, name)).toBe(name);
        },
      ),
    );
  });
});

describe('a definition', () => {
  const definition = definitionOf(
    { name: 'a' },
    { name: 'b', transitions: [{ to: 'a', when: 'true' }, { to: 'a' }] },
  );

  test('finds its steps by their exact names', () => {
    expect(findStep(definition, 'b')?.name).toBe('b');
    expect(findStep(definition, 'B')).toBeUndefined();
  });

  test('allows what a step declares, else everything', () => {
    const [a, b] = definition.steps;
    if (a === undefined || b === undefined) throw new Error('There are two steps.');
    expect(allowedNextSteps(definition, a)).toEqual(['a', 'b', 'FINISH']);
    expect(allowedNextSteps(definition, b)).toEqual(['a']);
    expect(allowedNextSteps(definitionOf({ name: 'FINISH' }), a)).toEqual(['FINISH']);
  });
});
