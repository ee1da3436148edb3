const NOTICE = '<!-- Made from the code by `npm run generate`: edit that instead. -->';

/** A page of the reference. */
export function page(title: string, ...parts: readonly string[]): string {
  return `${[NOTICE, `# ${title}`, ...parts.map((part) => part.trim())].join('\n\n')}\n`;
}

export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cellText).join(' | ')} |`;
  return [line(header), `|${' --- |'.repeat(header.length)}`, ...rows.map(line)].join('\n');
}

function cellText(text: string): string {
  return text.replaceAll('|', '\\|').replace(/\s+/g, ' ').trim();
}

export function code(text: string): string {
  return `\`${text}\``;
}

export function codeBlock(text: string, language = ''): string {
  return `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;
}
