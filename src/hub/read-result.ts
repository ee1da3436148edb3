import { isJsonObject, type JsonObject, type JsonValue } from '../domain/json.ts';
import type { ToolResult } from './hub.ts';

/** A tool's result as it came, read with care: servers leave members out, or get them wrong. */
export interface RawResult extends ToolResult {
  /** The tool says that it failed. */
  readonly isError: boolean;
  /** What it says in words. */
  readonly text: string;
}

/** @param raw any JSON */
export function readResult(raw: unknown): RawResult {
  const result = isJsonObject(raw) ? raw : { content: raw as JsonValue };
  const content = readContent(result.content);
  const texts = content.flatMap(({ text }) => (typeof text === 'string' ? [text] : []));
  return {
    content,
    text: texts.join('\n'),
    isError: result.isError === true,
    value: toValue(result, content),
  };
}

/** Blocks; a text or a block alone, where there should be a list of blocks, counts as one. */
function readContent(content: JsonValue | undefined): readonly JsonObject[] {
  if (content === undefined || content === null) return [];
  const items: readonly JsonValue[] = Array.isArray(content) ? content : [content];
  return items.map((item) => (isJsonObject(item) ? item : { type: 'text', text: textOf(item) }));
}

function toValue(result: JsonObject, content: readonly JsonObject[]): JsonValue {
  if (result.structuredContent !== undefined && result.structuredContent !== null)
    return result.structuredContent;
  // What the first version of the protocol called it.
  if (result.toolResult !== undefined) return result.toolResult;
  if (content.length === 0) return withoutProtocol(result);
  const texts = content.flatMap(({ type, text }) =>
    type === 'text' && typeof text === 'string' ? [text] : [],
  );
  if (texts.length < content.length) return content;
  return texts.length === 1 ? jsonOrText(texts[0] ?? '') : texts.join('\n');
}

/** Some servers put the members of their answer where the content should be. */
function withoutProtocol(result: JsonObject): JsonValue {
  const members = Object.entries(result).filter(
    ([key]) => !['_meta', 'content', 'structuredContent', 'isError', 'resultType'].includes(key),
  );
  return members.length === 0 ? null : Object.fromEntries(members);
}

/** Most servers send their data as JSON in a text. A mere number or word stays the text that it is. */
function jsonOrText(text: string): JsonValue {
  if (!/^\s*[{[]/.test(text)) return text;
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
}

function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
