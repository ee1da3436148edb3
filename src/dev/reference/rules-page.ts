import { RULES } from '../../definitions/rules/rules.ts';
import { code, page, table } from './markdown.ts';

export function rulesPage(): string {
  const rows = [...RULES]
    .sort((one, other) => one.ruleId.localeCompare(other.ruleId, 'en'))
    .map(({ ruleId, severity, summary, advice }) => [code(ruleId), severity, summary, advice]);
  return page(
    'Rules',
    `What the linter says of workflow files: \`orchestrator-mcp lint\`. A workflow with an error cannot be started, and
is listed with it; warnings are for its author alone.`,
    table(['rule', 'severity', 'what it finds', 'what to do'], rows),
  );
}
