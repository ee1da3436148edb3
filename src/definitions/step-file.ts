import type { Diagnostic } from './diagnostic.ts';
import { type FrontMatter, readFrontMatter } from './front-matter.ts';
import { type StepFrontMatter, stepFormat } from './front-matter-formats.ts';
import { type ExpandIncludesParams, expandIncludes } from './includes.ts';
import { parseBlocks } from './markdown.ts';
import { ignoredScripts, readScript, SCRIPT_TITLE } from './script-section.ts';
import { isTitled, type Section, sectionsOf, trimBlankLines } from './sections.ts';
import { diagnosticAt, type SourceText } from './source-text.ts';

const GUIDANCE_TITLE = 'Orchestrator Guidance';
const INSTRUCTIONS_TITLE = 'Client Instructions';
const GOAL_TITLE = 'Goal';
const SECTION_TITLES = [GUIDANCE_TITLE, INSTRUCTIONS_TITLE, GOAL_TITLE, 'Context Expectations'];

/** The text of a section. Offsets are places in the source, in UTF-16 units. */
export interface Part {
  readonly text: string;
  readonly at: number;
  readonly headingAt: number;
}

/** A step file on its own: what it says about other steps is not resolved yet. */
export interface StepFile {
  readonly source: SourceText;
  readonly heading?: string;
  readonly goal?: string;
  /** Absent where the section is missing or empty: there is an error then. */
  readonly guidance?: Part;
  /** The same; the one or the other. */
  readonly instructions?: Part;
  readonly script?: Part;
  readonly frontMatter: FrontMatter<StepFrontMatter>;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads front matter and sections of a step file, includes expanded. */
export async function readStepFile(params: Omit<ExpandIncludesParams, 'from'>): Promise<StepFile> {
  const { file } = params;
  const frontMatter = readFrontMatter(file, stepFormat);
  const { source, diagnostics: includeDiagnostics } = await expandIncludes({
    ...params,
    from: frontMatter.bodyAt,
  });
  const diagnostics = [...frontMatter.diagnostics, ...includeDiagnostics];
  const root = parseBlocks(source.text, 'step');
  if (root === undefined) {
    diagnostics.push(tooComplex(file.display));
    return { source, frontMatter, diagnostics };
  }
  const sections = sectionsOf(root, source.text);
  const titled = (title: string) => sections.filter((section) => isTitled(section, title));
  const lastTitled = (title: string): Section | undefined => {
    const found = titled(title);
    for (const section of found.slice(0, -1)) diagnostics.push(duplicateSection(source, section));
    return found.at(-1);
  };
  const part = (title: string): Part | undefined => {
    const last = lastTitled(title);
    if (last === undefined) return undefined;
    return { ...trimBlankLines(source.text, last.bodyAt, last.end), headingAt: last.headingAt };
  };
  const required = (title: string): Part | undefined => {
    const found = part(title);
    if (found !== undefined && found.text.trim() !== '') return found;
    diagnostics.push(
      found === undefined
        ? missingSection(file.display, title)
        : emptySection(source, found.headingAt, title),
    );
    return undefined;
  };
  const goal = part(GOAL_TITLE)?.text.trim();
  const guidance = required(GUIDANCE_TITLE);
  // A file with instructions may call whatever it likes a script: that is what files were like before there were any.
  const scriptSection = titled(INSTRUCTIONS_TITLE).length === 0 ? lastTitled(SCRIPT_TITLE) : undefined;
  const read = scriptSection && readScript({ root, source, section: scriptSection });
  const instructions = scriptSection === undefined ? required(INSTRUCTIONS_TITLE) : undefined;
  const ignored = scriptSection === undefined ? titled(SCRIPT_TITLE) : [];
  diagnostics.push(...(read?.diagnostics ?? []));
  diagnostics.push(...ignored.flatMap((section) => ignoredScripts({ root, source, section })));
  const [first] = sections;
  const titles = scriptSection === undefined ? SECTION_TITLES : [...SECTION_TITLES, SCRIPT_TITLE];
  const isHeading = first !== undefined && !titles.some((title) => isTitled(first, title));
  return {
    source,
    ...(isHeading && first.title !== '' && { heading: first.title }),
    ...(goal !== undefined && goal !== '' && { goal }),
    ...(guidance !== undefined && { guidance }),
    ...(instructions !== undefined && { instructions }),
    ...(read?.script !== undefined && { script: read.script }),
    frontMatter,
    diagnostics,
  };
}

export function tooComplex(file: string): Diagnostic {
  return {
    ruleId: 'file-too-complex',
    severity: 'error',
    file,
    place: { line: 1, column: 1 },
    message:
      'The file with its includes has too many or too deeply nested lists, quotes, headings or lines to be read. Split it.',
  };
}

function duplicateSection(source: SourceText, section: Section): Diagnostic {
  return diagnosticAt(source, section.headingAt, {
    ruleId: 'section-duplicate',
    severity: 'warning',
    message: `Unexpected section "${section.title}", expected it once: the last one wins.`,
  });
}

function missingSection(file: string, title: string): Diagnostic {
  return {
    ruleId: 'section-missing',
    severity: 'error',
    file,
    place: { line: 1, column: 1 },
    message: `Expected a section "${title}": a heading of any level with that text, and what stands below it.`,
  };
}

function emptySection(source: SourceText, at: number, title: string): Diagnostic {
  return diagnosticAt(source, at, {
    ruleId: 'section-empty',
    severity: 'error',
    message: `Unexpected empty section "${title}", expected some text.`,
  });
}
