import { describe, expect, test } from 'vitest';
import type { Definition } from '../../../src/domain/definition.ts';
import { readDirections, readGuidance } from '../../../src/domain/guidance.ts';

function definitionOf(...names: readonly string[]): Definition {
  return {
    name: 'TEST',
    goal: '',
    steps: names.map((name) => ({
      name,
      fileStem: name.toLowerCase().replaceAll(' ', '_'),
      guidance: '',
      instructions: '',
    })),
  };
}

const jokes = definitionOf('ask_theme', 'Tell Joke', 'Get Feedback', 'Next Steps', 'Abort');

function read(guidance: string) {
  return readGuidance(jokes, guidance).map(({ condition, otherwise, target }) =>
    [otherwise ? 'else' : (condition ?? 'always'), target].join(' => '),
  );
}

describe('readGuidance', () => {
  test.each<[string, readonly string[]]>([
    ['Proceed to `Tell Joke`.', ['always => Tell Joke']],
    ['Proceed to Tell Joke.', ['always => Tell Joke']],
    ['Proceed to the **Tell Joke** step.', ['always => Tell Joke']],
    ['Always go back to "Ask for Joke Theme" and wait.', ['always => ask_theme']],
    ['Proceed to Ask for Joke Theme.', ['always => ask_theme']],
    ['Continue with [Get Feedback](get_feedback.md).', ['always => Get Feedback']],
    ['Proceed to Next Steps.', ['always => Next Steps']],
    ['Proceed to Finish.', ['always => FINISH']],
    ['If the report says failure, proceed to Abort.', ['the report says failure => Abort']],
    ['**If** `report.status` is "failure", then proceed to `Abort`.', ['report.status is failure => Abort']],
    ['When the user answered, go to Tell Joke', ['the user answered => Tell Joke']],
    ['If A, B, or C holds, go to Abort.', ['A, B, or C holds => Abort']],
    ['If it failed, tell the user why and proceed to Abort.', ['it failed => Abort']],
    ['Proceed to `Abort` if the report is a failure.', ['the report is a failure => Abort']],
    ['Proceed to `Abort` unless there is a theme.', ['unless there is a theme => Abort']],
    ['On failure: `Abort`', ['failure => Abort']],
    ['- **On success:** proceed to `Tell Joke`', ['success => Tell Joke']],
    ['- Failure -> `Abort`\n- Success → Tell Joke', ['Failure => Abort', 'Success => Tell Joke']],
    ['Note: proceed to `Abort`', ['always => Abort']],
    ['If bad, go to Abort. Otherwise, finish.', ['bad => Abort', 'else => FINISH']],
    ['If bad, go to Abort; otherwise Tell Joke.', ['bad => Abort', 'else => Tell Joke']],
    ['If bad, go to Abort, else go to Tell Joke.', ['bad => Abort', 'else => Tell Joke']],
    ['If bad, go to Abort. If not, go to Tell Joke.', ['bad => Abort', 'else => Tell Joke']],
    ['If bad, go to Abort and if good, go to Tell Joke.', ['bad => Abort', 'good => Tell Joke']],
    ['In all other cases the next step is `Get Feedback`.', ['else => Get Feedback']],
    [
      'If it failed:\n  - Say so.\n  - Proceed to Abort.\n- Proceed to Tell Joke.',
      ['it failed => Abort', 'always => Tell Joke'],
    ],
    [
      'If there is no theme, ask again. In that case return to ask_theme.',
      ['there is no theme => ask_theme'],
    ],
    ['When asked, if bad, go to Abort.', ['asked => Abort']],
    ['If A, and also B, and then proceed to Abort.', ['A, and also B => Abort']],
    ['# If bad, go to Abort\nGo to `Tell Joke`', ['bad => Abort', 'always => Tell Joke']],
    ['An odd ` backtick. Go to Abort.', ['always => Abort']],
    ['Go to `Tell Joke` or to tell joke.', ['always => Tell Joke']],
    ['**Go to Abort.** Go to `Tell Joke`!', ['always => Abort', 'always => Tell Joke']],
    ['Did they agree? If so, go to Abort.', ['so => Abort']],
    ['If the user\nwants more, proceed to\nTell\nJoke.', ['the user wants more => Tell Joke']],
    ['Proceed to `Tell Joke`, e.g. with a pun. Go to Abort.', ['always => Tell Joke', 'always => Abort']],
  ])('%s', (guidance, expected) => {
    expect(read(guidance)).toEqual(expected);
  });

  test.each([
    'Do not proceed to `Abort`.',
    "Don't ever go to Abort.",
    'Before you proceed to Abort, look again.',
    'Proceed to the next step.',
    'Proceed to `Tell Joke` or `Abort`.',
    'Proceed to Tell Joke or Abort, as you like.',
    'Proceed to `Nowhere`.',
    'Abort is a step.',
    'Note: `Abort`',
    'Proceed to .',
    'Proceed to',
    '```\nProceed to `Abort`.\n```',
    '<!-- Proceed to `Abort`. -->',
    '',
  ])('finds no clause in: %s', (guidance) => {
    expect(read(guidance)).toEqual([]);
  });

  test('prefers the longer name where one contains the other', () => {
    const definition = definitionOf('Joke', 'Tell Joke', 'Tell Joke Again');
    const targets = readGuidance(definition, 'Go to the Tell Joke step. Go to Joke. Go to Tell Joke Again.');
    expect(targets.map(({ target }) => target)).toEqual(['Tell Joke', 'Joke', 'Tell Joke Again']);
  });

  test('an ambiguous phrase names nothing', () => {
    const definition = definitionOf('Run Tests', 'Fix Tests');
    expect(readGuidance(definition, 'Proceed to the run and fix of tests.')).toEqual([]);
  });

  test('keeps the sentence on one line', () => {
    expect(readGuidance(jokes, 'First.\n- If so,\n  go to Abort.')[0]?.sentence).toBe('If so, go to Abort.');
  });

  test('stays quick on text that nobody wrote', () => {
    const started = performance.now();
    for (const shape of [
      'if ',
      'go to ',
      'go to the ',
      '`',
      '**',
      '; if go to x ',
      'a. ',
      '<!--',
      '- if:\n ',
    ])
      readGuidance(jokes, shape.repeat(20_000));
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});

describe('readDirections', () => {
  test('tells where a phrase stands, and that it names no step', () => {
    const guidance = 'Well.\n\n- If so, proceed to the `Tell Jokke` step.';
    const [direction] = readDirections(jokes, guidance);
    expect(direction).toMatchObject({ phrase: 'Tell Jokke', quoted: true, condition: 'so' });
    expect(direction).not.toHaveProperty('target');
    expect(guidance.slice(direction?.offset)).toMatch(/^Tell Jokke/);
  });
});
