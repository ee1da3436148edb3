import { cutText, excerptJson } from './excerpt.ts';
import { fence } from './fence.ts';
import type { OfferedTool, ToolOffer } from './performer.ts';

/** About 16,000 tokens, which every request of a piece of work is charged for. */
const CATALOGUE_BYTES_MAX = 65_536;
const DESCRIPTION_BYTES_MAX = 1_024;
const SCHEMA_BYTES_MAX = 4_096;
const PROBLEM_BYTES_MAX = 300;

/** What a model is told of the tools that it can call. Equal offers give equal texts. */
export function describeCatalogue({ tools, unavailable }: ToolOffer): string {
  const { lines, leftOut } = fittingLines(tools);
  const problems = unavailable.map(({ server, problem }) => ({
    server,
    problem: cutText(problem, PROBLEM_BYTES_MAX),
  }));
  const notes = [
    ...(lines.length === 0 ? ['There are none now.'] : []),
    ...(leftOut.size === 0 ? [] : [`Left out for lack of room: ${countsOf(leftOut)}`]),
    ...(problems.length === 0 ? [] : [`Unavailable now, with all its tools: ${JSON.stringify(problems)}`]),
  ];
  return `# Tools\n\n${fence([...lines, ...notes].join('\n'))}`;
}

interface Fitting {
  /** In the order of the tools. */
  readonly lines: readonly string[];
  /** How many tools are left out, by server. */
  readonly leftOut: ReadonlyMap<string, number>;
}

/** The servers take turns, so that one with very many tools does not push out those of the others. */
function fittingLines(tools: readonly OfferedTool[]): Fitting {
  const fitting = new Map<OfferedTool, string>();
  const leftOut = new Map<string, number>();
  let bytesLeft = CATALOGUE_BYTES_MAX;
  for (const tool of inTurns(tools)) {
    const line = lineOf(tool);
    const bytes = Buffer.byteLength(line);
    if (bytes <= bytesLeft) {
      fitting.set(tool, line);
      bytesLeft -= bytes;
    } else leftOut.set(tool.server, (leftOut.get(tool.server) ?? 0) + 1);
  }
  return { lines: tools.flatMap((tool) => fitting.get(tool) ?? []), leftOut };
}

function inTurns(tools: readonly OfferedTool[]): readonly OfferedTool[] {
  const counts = new Map<string, number>();
  const numbered = tools.map((tool) => {
    const turn = counts.get(tool.server) ?? 0;
    counts.set(tool.server, turn + 1);
    return { tool, turn };
  });
  return numbered.sort((one, other) => one.turn - other.turn).map(({ tool }) => tool);
}

function lineOf({ server, name, description, inputSchema }: OfferedTool): string {
  const told = {
    server,
    tool: name,
    ...(description !== undefined && { description: cutText(description, DESCRIPTION_BYTES_MAX) }),
  };
  const schema = inputSchema === undefined ? '' : ` arguments: ${excerptJson(inputSchema, SCHEMA_BYTES_MAX)}`;
  return `${JSON.stringify(told)}${schema}`;
}

function countsOf(leftOut: ReadonlyMap<string, number>): string {
  const all = [...leftOut.values()].reduce((sum, count) => sum + count, 0);
  return `${all} ${all === 1 ? 'tool' : 'tools'}, by server ${JSON.stringify(Object.fromEntries(leftOut))}`;
}
