import type { ScriptTool } from './tool-directory.ts';

/** A word of the name says more about a tool than one of its description, and the whole word more than a part of it. */
const WEIGHTS = { name: 4, description: 1, part: 0.5 };
const QUERY_WORDS_MAX = 32;
const PART_CHARACTERS_MIN = 3;
/** A long description is not to win by its length. */
const DESCRIPTION_CHARACTERS_MAX = 2_000;

/** Whatever is worth less beside the best match only shares a common word with the query. */
const SHARE_OF_BEST_MIN = 1 / 3;

/**
 * The tools that a query is about, the best match first. Tools with more of its words come before others; a word that few tools
 * have counts more than one that many have.
 */
export function rankTools(tools: readonly ScriptTool[], query: string): readonly ScriptTool[] {
  return scored(tools, query).map(({ tool }) => tool);
}

/** The same, without those that match little beside the best. */
export function bestTools(tools: readonly ScriptTool[], query: string): readonly ScriptTool[] {
  const all = scored(tools, query);
  const enough = (all[0]?.score ?? 0) * SHARE_OF_BEST_MIN;
  return all.filter(({ score }) => score >= enough).map(({ tool }) => tool);
}

interface ScoredTool {
  readonly tool: ScriptTool;
  readonly score: number;
}

function scored(tools: readonly ScriptTool[], query: string): readonly ScoredTool[] {
  const wanted = [...new Set(wordsOf(query))].slice(0, QUERY_WORDS_MAX);
  const known = tools.map((tool) => ({
    tool,
    name: wordsOf(`${tool.tool.server} ${tool.tool.name}`),
    description: wordsOf(tool.tool.description?.slice(0, DESCRIPTION_CHARACTERS_MAX) ?? ''),
  }));
  const scores = known.map(() => 0);
  for (const word of wanted) {
    const matches = known.map(({ name, description }) =>
      Math.max(WEIGHTS.name * matchOf(word, name), WEIGHTS.description * matchOf(word, description)),
    );
    const having = matches.filter((match) => match > 0).length;
    const rarity = Math.log(1 + tools.length / Math.max(1, having));
    for (const [index, match] of matches.entries()) scores[index] = (scores[index] ?? 0) + match * rarity;
  }
  return known
    .map(({ tool }, index) => ({ tool, score: scores[index] ?? 0 }))
    .filter(({ score }) => score > 0)
    .sort(
      (one, other) => other.score - one.score || compareText(one.tool.functionName, other.tool.functionName),
    );
}

/** In lower case, from `camelCase`, `snake_case` and prose alike. */
function wordsOf(text: string): readonly string[] {
  const apart = text.replace(/(\p{Ll}|\p{N})(?=\p{Lu})/gu, '$1 ');
  return apart.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** 1 for the word itself, less for one that begins with it or with which it begins: `files` finds `file`. */
function matchOf(word: string, words: readonly string[]): number {
  if (words.includes(word)) return 1;
  return words.some((other) => isPart(word, other) || isPart(other, word)) ? WEIGHTS.part : 0;
}

function isPart(part: string, word: string): boolean {
  return part.length >= PART_CHARACTERS_MIN && word.startsWith(part);
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : 1;
}
