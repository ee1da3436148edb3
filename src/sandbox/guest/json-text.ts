const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const COMMA = 0x2c;

/** Whether JSON text has objects and arrays inside each other more than so many levels deep. Reads it once, builds nothing. */
export function nestsDeeperThan(json: string, depthMax: number): boolean {
  // That many brackets don't fit into it.
  if (json.length <= depthMax) return false;
  let depth = 0;
  return someMark(json, (code) => {
    if (code === OPEN_BRACKET || code === OPEN_BRACE) depth += 1;
    else if (code === CLOSE_BRACKET || code === CLOSE_BRACE) depth -= 1;
    return depth > depthMax;
  });
}

/** Whether the objects and arrays of JSON text have more than so many members together; an empty one counts as one more. */
export function hasMoreMembersThan(json: string, membersMax: number): boolean {
  if (json.length <= membersMax) return false;
  let members = 0;
  return someMark(json, (code) => {
    if (code === COMMA || code === OPEN_BRACKET || code === OPEN_BRACE) members += 1;
    return members > membersMax;
  });
}

/** Whether the test holds for one of the characters that are in no string, from the first to the last. */
function someMark(json: string, holds: (code: number) => boolean): boolean {
  let isInString = false;
  for (let index = 0; index < json.length; index += 1) {
    const code = json.charCodeAt(index);
    if (isInString) {
      if (code === BACKSLASH) index += 1;
      else if (code === QUOTE) isInString = false;
    } else if (code === QUOTE) isInString = true;
    else if (holds(code)) return true;
  }
  return false;
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
