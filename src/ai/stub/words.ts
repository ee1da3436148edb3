/** How a phrase speaks of an outcome: well, badly, or not at all. */
export type Outcome = 'success' | 'failure' | undefined;

const SUCCESS =
  /^(?:success\w*|succe(?:ed|ss)\w*|ok|okay|done|complet\w+|finish\w*|pass|pass(?:es|ed|ing)|works?|worked|fine)$/;
const FAILURE = /^(?:fail\w*|error\w*|unsuccessful\w*|unable|broken?|crash\w*|wrong|went wrong)$/;
/** Each turns the meaning of a phrase round. */
const NEGATION =
  /^(?:not|no|never|none|nothing|nobody|neither|without|false|empty|missing|absent|blank|unset)$/;

/** Words that say nothing about what a phrase is about. */
const STOP_WORDS = new Set(
  (
    'the a an is are was were be been being it its this that these those there here has have had having do does did ' +
    'of to in on at by for with from as into if then when which who what and or but so any some all at still yet ' +
    'also just only really currently now again he she they them their his her you your we our i me my s t ' +
    'report reports reported result results status step client user users context current variable value field ' +
    'says say said saying tells tell told indicates indicate indicated shows show shown states contains contain ' +
    'contained exists exist given provided present available found find finds set sets wants want wanted wishes wish ' +
    'asks ask asked asking chooses choose chose chosen picks pick picked decides decide decided made make makes ' +
    'true equals equal can could would should will may might must'
  ).split(' '),
);

const NUMBER_WORDS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];

/** Lower case, number words as digits, `snake_case`, `camelCase` and `a.path` as separate words. */
export function plainPhrase(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .replace(/[’']s\b/g, '')
    .replace(/\bn[’']t\b|(?<=\p{L})n[’']t\b/gu, ' not')
    .replace(/!=/g, ' not ')
    .replace(/[\p{L}]+/gu, (word) => {
      const digit = NUMBER_WORDS.indexOf(word);
      return digit === -1 ? word : String(digit);
    });
}

/** The words of a plain phrase, without what is no letter or digit. */
export function wordsOf(phrase: string): readonly string[] {
  return phrase.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
}

/** What words are compared by: `revise`, `revised` and `revising` are the same. */
export function stem(word: string): string {
  const stemmed = word.replace(/(?:ations?|ions?|ments?|ings?|als?|ed|es|s|e|d)$/, '');
  return stemmed.length >= 3 ? stemmed : word;
}

export function outcomeOf(words: readonly string[]): Outcome {
  if (words.some((word) => FAILURE.test(word))) return 'failure';
  return words.some((word) => SUCCESS.test(word)) ? 'success' : undefined;
}

export function isOutcomeWord(word: string): boolean {
  return outcomeOf([word]) !== undefined;
}

export function isNegation(word: string): boolean {
  return NEGATION.test(word);
}

/** Whether a word says what a phrase is about. */
export function isTopic(word: string): boolean {
  return !STOP_WORDS.has(word) && !isNegation(word) && !isOutcomeWord(word);
}
