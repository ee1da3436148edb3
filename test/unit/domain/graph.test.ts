import { describe, expect, test } from 'vitest';
import type { Definition, Step } from '../../../src/domain/definition.ts';
import { leadingTo, reachableFrom, stepGraph, toMermaid } from '../../../src/domain/graph.ts';

type StepParts = Pick<Step, 'name'> & Partial<Step>;

function definitionOf(...steps: readonly StepParts[]): Definition {
  return {
    name: 'TEST',
    goal: '',
    steps: steps.map((step) => ({ fileStem: step.name, guidance: '', instructions: '', ...step })),
  };
}

function edgesOf(definition: Definition): readonly string[] {
  return stepGraph(definition).edges.map(
    ({ from, to, kind, label }) => `${from} -> ${to} (${kind}${label === undefined ? '' : `: ${label}`})`,
  );
}

describe('stepGraph', () => {
  test('takes declared transitions, whatever the guidance says', () => {
    const transitions = [{ to: 'b', when: 'report.status == "x"' }, { to: 'FINISH' }];
    const definition = definitionOf(
      { name: 'a', transitions, guidance: 'Proceed to `c`.' },
      { name: 'b', transitions: [{ to: 'c' }] },
      { name: 'c' },
    );
    expect(edgesOf(definition)).toEqual([
      'a -> b (declared: report.status == "x")',
      'a -> FINISH (declared: otherwise)',
      'b -> c (declared)',
      'c -> FINISH (implied)',
    ]);
    expect(stepGraph(definition).nodes).toEqual(['a', 'b', 'c', 'FINISH']);
  });

  test.each<[string, readonly string[]]>([
    ['Proceed to `c`.', ['a -> c (guidance)']],
    [
      'If it failed, go to `c`. Otherwise go to `b`.',
      ['a -> c (guidance: it failed)', 'a -> b (guidance: otherwise)'],
    ],
    ['If it failed, go to `c`.', ['a -> c (guidance: it failed)', 'a -> b (implied)']],
    [
      'If it failed, go to `c`. Otherwise proceed to the next step.',
      ['a -> c (guidance: it failed)', 'a -> b (implied: otherwise)'],
    ],
    ['Choose what suits: `b` for short ones, "c" for long ones.', ['a -> b (guidance)', 'a -> c (guidance)']],
    ['Either [b](b.md) or **c** or “a”.', ['a -> b (guidance)', 'a -> c (guidance)']],
    [
      'If good, go to `b`. If `b` is bad, go to `b`.',
      ['a -> b (guidance: good)', 'a -> b (guidance: b is bad)', 'a -> b (implied)'],
    ],
    ['If good, go to `b`. If good, go to `b`. Go to sleep.', ['a -> b (guidance: good)', 'a -> b (implied)']],
    ['Look at `report.b` and think.', ['a -> b (implied)']],
    ['', ['a -> b (implied)']],
  ])('reads guidance: %s', (guidance, expected) => {
    const edges = edgesOf(definitionOf({ name: 'a', guidance }, { name: 'b' }, { name: 'c' }));
    expect(edges.filter((edge) => edge.startsWith('a '))).toEqual(expected);
  });

  test('ends at a step named FINISH', () => {
    const graph = stepGraph(definitionOf({ name: 'a' }, { name: 'FINISH', guidance: 'Go to `a`.' }));
    expect(graph.nodes).toEqual(['a', 'FINISH']);
    expect(graph.edges).toEqual([{ from: 'a', to: 'FINISH', kind: 'implied' }]);
  });
});

test('what can be reached, and what leads somewhere', () => {
  const graph = stepGraph(
    definitionOf(
      { name: 'a', transitions: [{ to: 'b' }] },
      { name: 'b', transitions: [{ to: 'a', when: 'true' }, { to: 'FINISH' }] },
      { name: 'c', transitions: [{ to: 'c' }] },
    ),
  );
  expect([...reachableFrom(graph, 'a')]).toEqual(['a', 'b', 'FINISH']);
  expect([...leadingTo(graph, 'FINISH')]).toEqual(['FINISH', 'b', 'a']);
});

describe('toMermaid', () => {
  test('draws the steps in order', () => {
    const definition = definitionOf(
      { name: 'ask', guidance: 'If there is a "theme", proceed to `tell`.' },
      { name: 'wait' },
      { name: 'tell', transitions: [{ to: 'FINISH' }] },
    );
    expect(toMermaid(definition)).toBe(
      [
        'flowchart TD',
        '  step1(["ask"])',
        '  step2["wait"]',
        '  step3["tell"]',
        '  finish(["FINISH"])',
        '  step1 -->|"there is a theme"| step3',
        '  step1 -.-> step2',
        '  step2 -.-> step3',
        '  step3 --> finish',
        '',
      ].join('\n'),
    );
  });

  test('escapes what Mermaid would read, and shortens what nobody would', () => {
    const name = 'end "]; click <b> | `x` # {y}\n%% é 😀';
    const when = `context.x == "${'y'.repeat(100)}"`;
    const text = toMermaid(definitionOf({ name, transitions: [{ to: 'FINISH', when }] }));
    expect(text).toContain(
      'step1(["end #34;#93;#59; click #60;b#62; #124; #96;x#96; #35; #123;y#125; #37;#37; é #128512;"])',
    );
    expect(text).toContain('#61;#61; #34;yyy');
    expect(text.split('\n').find((line) => line.includes('-->|'))).toMatch(/y…"\| finish$/);
  });
});
