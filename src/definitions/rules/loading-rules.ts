import { DEFAULT_LIMITS, SCRIPT_BYTES_MAX } from '../../domain/limits.ts';
import { STEPS_MAX } from '../step-list-check.ts';
import type { RuleInfo } from './rule.ts';

const KIB = 1024;

/** What can be wrong with a file as it is read. Errors make the workflow unusable until they are mended. */
export const LOADING_RULES: readonly RuleInfo[] = [
  {
    ruleId: 'no-workflow',
    severity: 'error',
    summary: 'There is no workflow at the path that was to be checked.',
    advice: 'Give a folder of workflows, one workflow (a folder with an `index.md`), or a file of one.',
  },
  {
    ruleId: 'index-unreadable',
    severity: 'error',
    summary: 'The `index.md` of a workflow cannot be read, or lies outside the workflows folder.',
    advice: 'Make it a regular, readable file inside the workflows folder.',
  },
  {
    ruleId: 'file-too-large',
    severity: 'error',
    summary: `A file is larger than ${DEFAULT_LIMITS.definitionFileBytesMax / KIB} KiB.`,
    advice: 'Split it: instructions of that length are of no use to an agent.',
  },
  {
    ruleId: 'file-too-complex',
    severity: 'error',
    summary: 'A file with its includes has too many, or too deeply nested, lists, quotes, headings or lines.',
    advice: 'Split it, or move tables and data out of the workflow.',
  },
  {
    ruleId: 'file-not-text',
    severity: 'error',
    summary: 'A file is not UTF-8 text, or contains NUL.',
    advice: 'Save it as UTF-8; a byte order mark does no harm.',
  },
  {
    ruleId: 'definition-too-large',
    severity: 'error',
    summary: `The workflow has more than ${STEPS_MAX} steps, more than 1,000 includes, or more than ${DEFAULT_LIMITS.definitionBytesMax / KIB / KIB} MiB with its includes.`,
    advice: 'Split the workflow.',
  },
  {
    ruleId: 'no-steps',
    severity: 'error',
    summary: 'The index has no step list.',
    advice: 'Add list items that start with a link to a `.md` file, below a heading `Steps` if there is one.',
  },
  {
    ruleId: 'step-name',
    severity: 'error',
    summary: 'A link text cannot be the name of a step: it is empty, too long, or has control characters.',
    advice: 'Write a short name as the link text.',
  },
  {
    ruleId: 'step-duplicate',
    severity: 'error',
    summary: 'Two steps have the same name.',
    advice: 'Rename one of them in the step list.',
  },
  {
    ruleId: 'step-name-ambiguous',
    severity: 'warning',
    summary: 'Two step names differ only in letter case, spaces or punctuation.',
    advice: 'Rename one of them: a client that writes the name a little differently cannot be understood.',
  },
  {
    ruleId: 'step-name-reserved',
    severity: 'warning',
    summary: 'A step name is a variant of FINISH, which is reserved for the end.',
    advice: 'Write `FINISH` if the step gives closing words, or choose another name.',
  },
  {
    ruleId: 'step-item-ignored',
    severity: 'warning',
    summary:
      'A list item below `Steps` has a link to a Markdown file that is not its first child, so it is no step.',
    advice: 'Put the link first, and the text after it.',
  },
  {
    ruleId: 'step-path',
    severity: 'error',
    summary: 'A link of the step list is not a relative path with forward slashes.',
    advice: 'Write the path relative to `index.md`, such as `steps/ask.md`.',
  },
  {
    ruleId: 'step-missing',
    severity: 'error',
    summary: 'A link of the step list leads to no file.',
    advice: 'Create the file, or mend the path.',
  },
  {
    ruleId: 'step-outside',
    severity: 'error',
    summary: 'A link of the step list leads out of the workflows folder, directly or by a symbolic link.',
    advice: 'Move the file into the workflows folder.',
  },
  {
    ruleId: 'step-unreadable',
    severity: 'error',
    summary: 'A step file is not a regular file, or cannot be read.',
    advice: 'Mend its kind or its permissions.',
  },
  {
    ruleId: 'section-missing',
    severity: 'error',
    summary:
      'A step file lacks `Orchestrator Guidance`, or both `Client Instructions` and a `Script` in their place.',
    advice: 'Add a heading of any level with that text, and the section below it.',
  },
  {
    ruleId: 'section-empty',
    severity: 'error',
    summary: 'A mandatory section of a step file is empty.',
    advice: 'Write what the heading announces.',
  },
  {
    ruleId: 'section-duplicate',
    severity: 'warning',
    summary: 'A section appears twice; the last one wins.',
    advice: 'Merge the two, or give one of them another heading.',
  },
  {
    ruleId: 'script-block',
    severity: 'error',
    summary:
      'A `Script` in the place of `Client Instructions` has no fenced block, several of them, or an empty one.',
    advice:
      'Put the script into one block between two lines of three backquotes, the first with `ts` after them.',
  },
  {
    ruleId: 'script-language',
    severity: 'error',
    summary: 'The block of a `Script` is not marked as TypeScript or JavaScript.',
    advice:
      'Write `ts` or `js` after the opening backquotes. What a client is to run belongs into `Client Instructions`.',
  },
  {
    ruleId: 'script-too-large',
    severity: 'error',
    summary: `A script has more than ${SCRIPT_BYTES_MAX / KIB} KiB with its includes.`,
    advice: 'Let the tools hold the data, and let the script only name it.',
  },
  {
    ruleId: 'script-undecided',
    severity: 'error',
    summary: 'The `transitions` of a step with a script do not settle where it leads in every case.',
    advice: 'End them with one entry that has no `when`.',
  },
  {
    ruleId: 'script-at-finish',
    severity: 'error',
    summary:
      'A step named `FINISH` has a script: the run is over when it comes there, and nothing is carried out.',
    advice: 'Give the script to a step before it.',
  },
  {
    ruleId: 'script-in-states',
    severity: 'error',
    summary:
      'A state of `AGENT_STATES` has a script: an agent session stays in a state until its agent moves it.',
    advice: 'Write Client Instructions. What the server is to carry out belongs into a step of a workflow.',
  },
  {
    ruleId: 'script-ignored',
    severity: 'warning',
    summary: 'A step has a script beside `Client Instructions`, so that it is not run.',
    advice:
      'Remove the instructions if the server is to carry the step out; else give the section another heading.',
  },
  {
    ruleId: 'front-matter-syntax',
    severity: 'error',
    summary: 'The front matter is not YAML 1.2 of a reasonable size and depth.',
    advice: 'Mend it. A condition that starts with `!` or holds `: ` needs quotation marks.',
  },
  {
    ruleId: 'front-matter-key',
    severity: 'error',
    summary: 'The front matter has a key that means nothing here.',
    advice: 'Mend the spelling, or remove the key.',
  },
  {
    ruleId: 'front-matter-value',
    severity: 'error',
    summary: 'A value of the front matter is not of the kind that its key needs.',
    advice: 'The message says what is expected.',
  },
  {
    ruleId: 'json-schema',
    severity: 'error',
    summary: '`inputs` or `report_schema` is not a JSON Schema (2020-12), or refers to another document.',
    advice: 'Mend it; put what is referred to in `$defs` of the same schema.',
  },
  {
    ruleId: 'json-schema-ignored',
    severity: 'warning',
    summary: 'A JSON Schema has a keyword, or names a dialect, that is ignored.',
    advice: 'Mend the spelling, or remove it.',
  },
  {
    ruleId: 'transition-target',
    severity: 'error',
    summary: 'A transition leads to a step that does not exist.',
    advice: 'Write the name as it stands in the step list, or `FINISH`.',
  },
  {
    ruleId: 'transition-condition',
    severity: 'error',
    summary: 'The `when` of a transition is not a CEL condition over `report`, `context` and `visits`.',
    advice: 'Write an expression that is true or false, such as `report.status == "failure"`.',
  },
  {
    ruleId: 'transition-after-default',
    severity: 'warning',
    summary: 'A transition with a condition is written after the default.',
    advice: 'Write the default last: that is when it is taken.',
  },
  {
    ruleId: 'transition-unchecked',
    severity: 'warning',
    summary: 'The default is `FINISH`, and a report that leaves out what a condition reads takes it.',
    advice:
      'Insist on the result with `report_schema`, let the default lead elsewhere, or write `has(report.result) && ...`.',
  },
  {
    ruleId: 'include-path',
    severity: 'error',
    summary: 'An include is not a relative path with forward slashes.',
    advice: 'Write the path relative to the file that includes it.',
  },
  {
    ruleId: 'include-missing',
    severity: 'error',
    summary: 'An include leads to no file.',
    advice: 'Create the file, mend the path, or write `\\{{file:...}}` where the braces are meant as text.',
  },
  {
    ruleId: 'include-outside',
    severity: 'error',
    summary: 'An include leads out of the workflows folder, directly or by a symbolic link.',
    advice: 'Move the file into the workflows folder.',
  },
  {
    ruleId: 'include-unreadable',
    severity: 'error',
    summary: 'An included file is not a regular file, or cannot be read.',
    advice: 'Mend its kind or its permissions.',
  },
  {
    ruleId: 'include-cycle',
    severity: 'error',
    summary: 'A file includes itself, directly or through others.',
    advice: 'Break the circle that the message shows.',
  },
  {
    ruleId: 'include-depth',
    severity: 'error',
    summary: `Includes are nested more than ${DEFAULT_LIMITS.includeDepthMax} deep.`,
    advice: 'Include the innermost files directly.',
  },
];
