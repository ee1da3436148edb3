import { type Definition, defaultTarget, FINISH, type Step } from './definition.ts';
import { readDirections } from './guidance.ts';
import { resolveProse } from './step-names.ts';
import { isNameOf } from './step-reference.ts';

export interface GraphEdge {
  readonly from: string;
  /** A canonical step name, or FINISH. */
  readonly to: string;
  /** The condition under which it is taken, as its author wrote it. */
  readonly label?: string;
  /**
   * `declared`: a transition of the front matter. `guidance`: named in the guidance. `implied`: the next step
   * of the list, where neither says where to go, or not in every case.
   */
  readonly kind: 'declared' | 'guidance' | 'implied';
}

export interface StepGraph {
  /** Step names in the order of the list, then FINISH if no step has that name. */
  readonly nodes: readonly string[];
  /** Ordered by the step that they leave. */
  readonly edges: readonly GraphEdge[];
}

/** Names in backticks, quotes, bold or links: a mention of a step, even without "proceed to". */
const MENTION = /`([^`\n]+)`|"([^"\n]+)"|“([^”\n]+)”|\*\*([^*\n]+)\*\*|\[([^\]\n]+)\]/g;
const MENTIONS_MAX = 200;
const NEXT_STEP = /^(?:the\s+)?(?:next|following)(?:\s+(?:listed\s+)?step)?$/i;

/** How the steps of a workflow follow one another, as far as its files tell. */
export function stepGraph(definition: Definition): StepGraph {
  const names = definition.steps.map((step) => step.name);
  return {
    nodes: names.includes(FINISH) ? names : [...names, FINISH],
    edges: definition.steps.flatMap((step, index) => {
      if (step.name === FINISH) return [];
      return withoutRepeats(edgesFrom(definition, step, definition.steps[index + 1]?.name ?? FINISH));
    }),
  };
}

function edgesFrom(definition: Definition, step: Step, next: string): readonly GraphEdge[] {
  if (step.transitions !== undefined) {
    const { transitions } = step;
    const otherwise = transitions.length > 1 && defaultTarget(transitions) !== undefined;
    return transitions.map(({ to, when }) =>
      edge(step.name, to, 'declared', when ?? (otherwise ? 'otherwise' : undefined)),
    );
  }
  const guided = guidedEdges(definition, step, next);
  const mentioned = mentions(definition, step.guidance)
    .filter((name) => name !== step.name && !guided.edges.some(({ to }) => to === name))
    .map((name) => edge(step.name, name, 'guidance'));
  const implied =
    guided.isComplete || (guided.edges.length === 0 && mentioned.length > 0)
      ? []
      : [edge(step.name, next, 'implied')];
  return [...guided.edges, ...mentioned, ...implied];
}

/** Complete: some direction holds in every case that the others leave. */
function guidedEdges(
  definition: Definition,
  step: Step,
  next: string,
): { readonly edges: readonly GraphEdge[]; readonly isComplete: boolean } {
  const directions = readDirections(definition, step.guidance).flatMap((direction) => {
    const isNext = direction.target === undefined && NEXT_STEP.test(direction.phrase);
    const to = isNext ? next : direction.target;
    return to === undefined
      ? []
      : [{ ...direction, to, kind: isNext ? ('implied' as const) : ('guidance' as const) }];
  });
  return {
    edges: directions.map(({ to, kind, otherwise, condition }) =>
      edge(step.name, to, kind, otherwise ? 'otherwise' : condition),
    ),
    isComplete: directions.some(({ otherwise, condition }) => otherwise || condition === undefined),
  };
}

function mentions(definition: Definition, guidance: string): readonly string[] {
  return [...guidance.matchAll(MENTION)].slice(0, MENTIONS_MAX).flatMap((match) => {
    const phrase = match.slice(1).join('');
    const name = resolveProse(definition, phrase);
    return name !== undefined && isNameOf(definition, name, phrase) ? [name] : [];
  });
}

function edge(from: string, to: string, kind: GraphEdge['kind'], label?: string): GraphEdge {
  return { from, to, kind, ...(label !== undefined && { label }) };
}

function withoutRepeats(edges: readonly GraphEdge[]): readonly GraphEdge[] {
  const seen = new Set<string>();
  return edges.filter(({ to, label }) => {
    const key = JSON.stringify([to, label]);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** The nodes that can be reached from a node, itself included. */
export function reachableFrom(graph: StepGraph, start: string): ReadonlySet<string> {
  return closure(start, (name) => graph.edges.flatMap(({ from, to }) => (from === name ? [to] : [])));
}

/** The nodes from which a node can be reached, itself included. */
export function leadingTo(graph: StepGraph, end: string): ReadonlySet<string> {
  return closure(end, (name) => graph.edges.flatMap(({ from, to }) => (to === name ? [from] : [])));
}

function closure(start: string, neighbours: (name: string) => readonly string[]): ReadonlySet<string> {
  const reached = new Set([start]);
  // A set hands out what is added to it while it is walked.
  for (const name of reached) for (const neighbour of neighbours(name)) reached.add(neighbour);
  return reached;
}

const LABEL_CHARS_MAX = 60;

/** The graph as a Mermaid flowchart; implied edges are dotted. */
export function toMermaid(definition: Definition): string {
  const { nodes, edges } = stepGraph(definition);
  const start = definition.steps[0]?.name;
  const ids = new Map(nodes.map((name, index) => [name, name === FINISH ? 'finish' : `step${index + 1}`]));
  const lines = nodes.map((name) => {
    const [open, close] = name === start || name === FINISH ? ['([', '])'] : ['[', ']'];
    return `  ${ids.get(name)}${open}"${mermaidText(name)}"${close}`;
  });
  const arrows = edges.map(({ from, to, label, kind }) => {
    const arrow = kind === 'implied' ? '-.->' : '-->';
    const text = label === undefined ? '' : `|"${mermaidText(label)}"|`;
    return `  ${ids.get(from)} ${arrow}${text} ${ids.get(to)}`;
  });
  return `${['flowchart TD', ...lines, ...arrows].join('\n')}\n`;
}

/** Letters and digits as they are; whatever could mean something to Mermaid, as an entity. */
function mermaidText(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  const chars = [...line];
  const short = chars.length > LABEL_CHARS_MAX ? [...chars.slice(0, LABEL_CHARS_MAX - 1), '…'] : chars;
  return short
    .map((char) => (/[\p{L}\p{N}\p{M} ._,:'…-]/u.test(char) ? char : `#${char.codePointAt(0)};`))
    .join('');
}
