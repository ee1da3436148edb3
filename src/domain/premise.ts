/** Under which condition an instruction holds. */
export interface Premise {
  readonly condition?: string;
  /** Whether it holds when nothing else does. */
  readonly otherwise: boolean;
}

const LEADING_MARKUP = /^[\s*_`"'“‘([]*/;
const CONDITION_WORD =
  /^(?:if|when|whenever|once|after|on|upon|in\s+case(?:\s+of)?|in\s+the\s+case\s+of|as\s+soon\s+as|as\s+long\s+as|provided(?:\s+that)?|should|while|for|(?=unless\b|until\b))\b/i;
const TRAILING_CONDITION =
  /[\s,(]+(?:but\s+)?(?:only\s+)?(?:if|when|whenever|in\s+case|provided\s+that|as\s+long\s+as|(?=unless\b|until\b))\s*(\S.*)$/i;
const OTHERWISE =
  /^(?:otherwise|else|by\s+default|default(?=\W*:)|in\s+(?:all|any|every)\s+other\s+cases?|in\s+any\s+other\s+event|for\s+(?:everything|anything)\s+else|if\s+not(?=\s*[,:])|if\s+none\s+of\s+(?:these|those|the\s+above)\b[^,:]*)/i;
/** "Failure: proceed to X" is a condition, "Note: proceed to X" is none. */
const OUTCOME_LABEL =
  /^([^:,.]{0,60}\b(?:success\w*|succeed\w*|fail\w*|errors?|yes|no|ok|done|approved|rejected|accepted|declined|valid|invalid|empty|blocked|cancell?ed)\b[^:,.]{0,40})(?::|(?=\s*$))/i;
/** "If so" and "in that case" repeat the condition of the sentence before. */
const BACK_REFERENCE = /^(?:if\s+so|in\s+(?:this|that|such\s+an?)\s+case)\b/i;

/** What stands before the verb of an instruction: "If the user agrees, ..." */
export function readPremise(text: string): Premise {
  const words = text.replace(LEADING_MARKUP, '');
  if (OTHERWISE.test(words)) return { otherwise: true };
  const opener = CONDITION_WORD.exec(words);
  if (opener !== null) {
    const condition = conditionText(words.slice(opener[0].length));
    if (condition !== '') return { condition, otherwise: false };
  }
  const label = OUTCOME_LABEL.exec(plainText(text))?.[1];
  return label === undefined ? { otherwise: false } : { condition: plainText(label), otherwise: false };
}

/** What stands after the target: "..., but only if the user agrees". */
export function readTrailingPremise(text: string): Premise {
  const condition = TRAILING_CONDITION.exec(text)?.[1];
  return condition === undefined
    ? { otherwise: false }
    : { condition: plainText(condition), otherwise: false };
}

/** "Otherwise" and its like: how many characters they take at the start of a text; 0 where there is none. */
export function otherwiseLength(text: string): number {
  const markup = text.length - text.replace(LEADING_MARKUP, '').length;
  const otherwise = OTHERWISE.exec(text.slice(markup));
  return otherwise === null ? 0 : markup + otherwise[0].length;
}

export function refersBack(text: string): boolean {
  return BACK_REFERENCE.test(text.replace(LEADING_MARKUP, ''));
}

export function isUnconditional({ condition, otherwise }: Premise): boolean {
  return condition === undefined && !otherwise;
}

/** Up to the first comma, unless what follows it goes on with "or" or "and". */
function conditionText(text: string): string {
  const parts = text.split(/,(?=\s)/);
  const continuation = parts.findLastIndex(
    (part, index) =>
      index > 0 && /^\s*(?:or|and|but)\s/i.test(part) && !/^\s*and\s+(?:then\b|\W*$)/i.test(part),
  );
  const condition = parts.slice(0, Math.max(0, continuation) + 1).join(',');
  return plainText(
    condition.replace(/[\s,:]+(?:then|you|we|it|please|should|must|can|simply|just|always)*\s*$/i, ''),
  );
}

function plainText(text: string): string {
  return text
    .replace(/[`*"“”]|(?<!\w)_|_(?!\w)/g, '')
    .replace(/\s+/g, ' ')
    .replace(/^[\s,:;.()]+|[\s,:;.(]+$/g, '');
}
