import type { Logger } from '../domain/logger.ts';
import { type ToolPolicyRules, unmatchedRules } from '../domain/tool-policy.ts';
import type { Connection } from './connection.ts';
import type { DownstreamTool } from './hub.ts';

/** Looks for rules that are for no tool of their server: where a `deny` is misspelt, what it is to forbid is allowed. */
export interface RuleCheck {
  /** Those rules, by the tools that were read last. */
  unmatched(): readonly string[];
  /** Called with the tools whenever they were read; warns once for each connection. */
  check(connection: Connection, tools: readonly DownstreamTool[]): void;
}

export interface RuleCheckParams {
  readonly server: string;
  readonly rules: ToolPolicyRules;
  readonly logger: Logger;
}

export function createRuleCheck({ server, rules, logger }: RuleCheckParams): RuleCheck {
  let unmatched: readonly string[] = [];
  let warnedOf: Connection | undefined;
  return {
    unmatched: () => unmatched,
    check(connection, tools) {
      unmatched = unmatchedRules(
        rules,
        tools.map(({ name }) => name),
      );
      if (unmatched.length === 0 || warnedOf === connection) return;
      warnedOf = connection;
      logger.warn('Rules for the tools of a downstream server match none that is known.', {
        server,
        rules: unmatched,
      });
    },
  };
}
