const START = /^\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?/.source;
const ID_FIRST = new RegExp(`${START}"id"\\s*:\\s*(\\d{1,15})\\s*,\\s*"(?:result|error)"\\s*:`);
const RESULT_FIRST = new RegExp(`${START}"(?:result|error)"\\s*:`);
/** With one brace after it, and a whole message before it, it can be a member of nothing but the message. */
const ID_LAST = /,\s*"id"\s*:\s*(\d{1,15})\s*\}\s*$/;

/**
 * Which request a message answers of which only the two ends are known. Undefined where they leave a doubt, or where
 * it is no answer.
 */
export function answeredId(head: string, tail: string): number | undefined {
  const found = ID_FIRST.exec(head) ?? (RESULT_FIRST.test(head) ? ID_LAST.exec(tail) : null);
  return found === null ? undefined : Number(found[1]);
}
