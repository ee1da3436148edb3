import * as z from 'zod';
import { LOG_LEVELS } from '../domain/logger.ts';
import { LEASE_SECONDS } from '../domain/task.ts';
import { TOOLSETS, type Toolset } from '../domain/toolset.ts';
import { commandLine, quote, wholeNumber, yesOrNo } from './value-formats.ts';

export const AI_PROVIDERS = ['gemini', 'openai', 'client', 'stub'] as const;
/** Who decides where declared transitions do not. */
export type AiProvider = (typeof AI_PROVIDERS)[number];

const AI_REQUEST_TIMEOUT_MS_MAX = 600_000;

/** Ranges and defaults of the numbers that the work on tasks is bounded by. */
export const TASK_BOUNDS = {
  verifySeconds: { min: 1, max: 86_400, default: 300 },
  failuresInRow: { min: 1, max: 1_000, default: 5 },
  cooldownSeconds: { min: 1, max: 86_400, default: 60 },
  runIterations: { min: 1, max: 1_000_000, default: 1_000 },
  runSeconds: { min: 1, max: 604_800, default: 3_600 },
  // Shorter than that of a client: a run renews it while it works.
  leaseSeconds: { ...LEASE_SECONDS, default: 60 },
} as const;

/** The same for what one script may use up. */
export const SCRIPT_BOUNDS = {
  timeoutSeconds: { min: 1, max: 86_400, default: 60 },
  cpuSeconds: { min: 1, max: 3_600, default: 5 },
  memoryMb: { min: 8, max: 1_024, default: 64 },
  calls: { min: 1, max: 1_000_000, default: 1_000 },
} as const;

/** What people are told about a variable: the reference and the flags of the command line are made from it. */
export interface VariableDoc {
  readonly description: string;
  /** What holds when it is unset, in words or as it would be written. */
  readonly default?: string;
  /** The flag that sets it, without dashes. Secrets have none: other users of a machine can read command lines. */
  readonly flag?: string;
  /** What the flag's value is called; a flag without one is a switch that means `true`. */
  readonly argument?: string;
  /** Its value never appears in a message. */
  readonly secret?: true;
}

const docs = z.registry<VariableDoc>();

/** Every variable that is read, as the text that it arrives as; empty text was dropped before. */
export const variablesSchema = z.object({
  WORKFLOW_DEFINITIONS_DIR: z
    .string()
    .optional()
    .register(docs, {
      description:
        "Folder of workflows, relative to the working directory or absolute; several are joined by the system's " +
        'path separator, and the earlier one wins where two hold the same name.',
      default: '`./workflows` if it exists, else the bundled workflows',
      flag: 'definitions-dir',
      argument: 'folders',
    }),
  WORKFLOW_DB_PATH: z.string().optional().register(docs, {
    description: 'The SQLite file that keeps the runs; created with its folder.',
    default:
      "`./data/workflows.sqlite` if `./data` exists, else `workflows.sqlite` in the user's data folder",
    flag: 'db-path',
    argument: 'file',
  }),
  WORKFLOW_DB_URL: z
    .never({
      error: 'PostgreSQL is not in this release. Unset it: runs are kept in SQLite, see WORKFLOW_DB_PATH.',
    })
    .optional()
    .register(docs, {
      description: 'Reserved for PostgreSQL, which is not in this release; setting it is refused.',
      secret: true,
    }),
  AI_PROVIDER: z
    .string()
    .toLowerCase()
    .pipe(z.enum(AI_PROVIDERS, { error: (issue) => aiProviderProblem(issue.input) }))
    .optional()
    .register(docs, {
      description:
        'Who decides which step comes next where declared transitions do not: `gemini`, `openai` (any ' +
        'OpenAI-compatible endpoint), `client` (the connected client) or `stub` (deterministic, for tests and demos).',
      default: '`gemini` if a key is set, else `client`',
      flag: 'ai-provider',
      argument: 'name',
    }),
  USE_STUB_AI_CLIENT: yesOrNo.optional().register(docs, {
    description: 'The same as `AI_PROVIDER=stub`, and stronger than another `AI_PROVIDER` beside it.',
    default: '`false`',
    flag: 'stub',
  }),
  GEMINI_MODEL_NAME: z.string().optional().register(docs, {
    description: 'The model that `AI_PROVIDER=gemini` asks.',
    default: '`gemini-flash-latest`',
    flag: 'gemini-model',
    argument: 'name',
  }),
  OPENAI_MODEL_NAME: z.string().optional().register(docs, {
    description: 'The model that `AI_PROVIDER=openai` asks; required there.',
    flag: 'openai-model',
    argument: 'name',
  }),
  AI_SERVICE_API_KEY: z.string().optional().register(docs, {
    description: 'The key of the AI provider. Never logged, never stored, never handed to another process.',
    secret: true,
  }),
  GEMINI_API_KEY: z.string().optional().register(docs, {
    description: 'The same for Gemini alone, where `AI_SERVICE_API_KEY` is not set.',
    secret: true,
  }),
  AI_SERVICE_ENDPOINT: z
    .url({
      protocol: /^https?$/,
      error: 'This is not an http or https URL. Give the base URL of the provider, or unset it.',
    })
    .optional()
    .register(docs, {
      description: 'Base URL of the AI provider.',
      default: "the provider's own",
      flag: 'ai-endpoint',
      argument: 'url',
      secret: true,
    }),
  AI_REQUEST_TIMEOUT_MS: wholeNumber({
    min: 1,
    max: AI_REQUEST_TIMEOUT_MS_MAX,
    what: 'a number of milliseconds',
  })
    .optional()
    .register(docs, {
      description: `The whole time for one decision, retries included, in milliseconds: 1 to ${AI_REQUEST_TIMEOUT_MS_MAX}.`,
      default: '`30000`',
      flag: 'ai-timeout-ms',
      argument: 'ms',
    }),
  AI_RECORD: z.string().optional().register(docs, {
    description: 'File that the decisions of the AI provider are recorded to.',
    flag: 'ai-record',
    argument: 'file',
  }),
  AI_REPLAY: z.string().optional().register(docs, {
    description: 'File of recorded decisions that is played back in place of asking the AI provider.',
    flag: 'ai-replay',
    argument: 'file',
  }),
  STUB_AI_SCRIPT: z.string().optional().register(docs, {
    description: 'JSON file of answers that the stub plays in order.',
    flag: 'stub-script',
    argument: 'file',
  }),
  TASK_VERIFY_COMMAND: commandLine.optional().register(docs, {
    description:
      'The program that judges what came of a task, with its arguments: words between spaces, or a JSON array. It is ' +
      'run without a shell; exit code 0 accepts. A `.env` file cannot set it.',
    default: 'the AI provider judges',
    flag: 'task-verify-command',
    argument: 'words',
  }),
  TASK_VERIFY_TIMEOUT_SECONDS: wholeNumber({ ...TASK_BOUNDS.verifySeconds, what: 'a number of seconds' })
    .optional()
    .register(docs, {
      description: `How long that program may take, in seconds: ${range(TASK_BOUNDS.verifySeconds)}.`,
      default: `\`${TASK_BOUNDS.verifySeconds.default}\``,
      flag: 'task-verify-timeout',
      argument: 'seconds',
    }),
  TASK_FAILURES_IN_ROW_MAX: wholeNumber({ ...TASK_BOUNDS.failuresInRow, what: 'a number of failures' })
    .optional()
    .register(docs, {
      description: `After so many failed attempts in a row the circuit breaker opens, for every worker: ${range(TASK_BOUNDS.failuresInRow)}.`,
      default: `\`${TASK_BOUNDS.failuresInRow.default}\``,
      flag: 'task-failures-in-row',
      argument: 'n',
    }),
  TASK_BREAKER_COOLDOWN_SECONDS: wholeNumber({ ...TASK_BOUNDS.cooldownSeconds, what: 'a number of seconds' })
    .optional()
    .register(docs, {
      description: `How long the circuit breaker stays open before it lets one attempt through, in seconds: ${range(TASK_BOUNDS.cooldownSeconds)}.`,
      default: `\`${TASK_BOUNDS.cooldownSeconds.default}\``,
      flag: 'task-breaker-cooldown',
      argument: 'seconds',
    }),
  TASK_RUN_ITERATIONS_MAX: wholeNumber({ ...TASK_BOUNDS.runIterations, what: 'a number of attempts' })
    .optional()
    .register(docs, {
      description: `How many attempts one run through the task queue may make: ${range(TASK_BOUNDS.runIterations)}.`,
      default: `\`${TASK_BOUNDS.runIterations.default}\``,
      flag: 'task-run-iterations',
      argument: 'n',
    }),
  TASK_RUN_SECONDS_MAX: wholeNumber({ ...TASK_BOUNDS.runSeconds, what: 'a number of seconds' })
    .optional()
    .register(docs, {
      description: `How long one run through the task queue may take, in seconds: ${range(TASK_BOUNDS.runSeconds)}.`,
      default: `\`${TASK_BOUNDS.runSeconds.default}\``,
      flag: 'task-run-seconds',
      argument: 'seconds',
    }),
  TASK_LEASE_SECONDS: wholeNumber({ ...TASK_BOUNDS.leaseSeconds, what: 'a number of seconds' })
    .optional()
    .register(docs, {
      description: `How long a run keeps a task without being heard of, in seconds: ${range(TASK_BOUNDS.leaseSeconds)}.`,
      default: `\`${TASK_BOUNDS.leaseSeconds.default}\``,
      flag: 'task-lease',
      argument: 'seconds',
    }),
  MCP_SERVERS_CONFIG: z
    .string()
    .optional()
    .register(docs, {
      description:
        'JSON file of downstream servers, with `mcpServers` as every MCP client has it: relative to the working directory ' +
        'or absolute. A `.env` file cannot set it.',
      default:
        '`./mcp_servers_config.json` if it exists and the toolset `servers` or `composition` is on, else there are none',
      flag: 'mcp-servers-config',
      argument: 'file',
    }),
  ORCHESTRATOR_ALLOW_UNLISTED_SERVERS: yesOrNo.optional().register(docs, {
    description:
      'Whether clients may start servers by commands that this file does not have: they can then run any program. A ' +
      '`.env` file cannot turn it on.',
    default: '`false`',
    flag: 'allow-unlisted-servers',
  }),
  SCRIPT_TIMEOUT_SECONDS: wholeNumber({ ...SCRIPT_BOUNDS.timeoutSeconds, what: 'a number of seconds' })
    .optional()
    .register(docs, {
      description: `How long a script may take whose caller says nothing about it, in seconds: ${range(SCRIPT_BOUNDS.timeoutSeconds)}.`,
      default: `\`${SCRIPT_BOUNDS.timeoutSeconds.default}\``,
      flag: 'script-timeout',
      argument: 'seconds',
    }),
  SCRIPT_CPU_SECONDS: wholeNumber({ ...SCRIPT_BOUNDS.cpuSeconds, what: 'a number of seconds' })
    .optional()
    .register(docs, {
      description: `How long a script may compute, waiting for calls not counted, in seconds: ${range(SCRIPT_BOUNDS.cpuSeconds)}.`,
      default: `\`${SCRIPT_BOUNDS.cpuSeconds.default}\``,
      flag: 'script-cpu',
      argument: 'seconds',
    }),
  SCRIPT_MEMORY_MB: wholeNumber({ ...SCRIPT_BOUNDS.memoryMb, what: 'a number of megabytes' })
    .optional()
    .register(docs, {
      description: `How much memory a script may take, in megabytes: ${range(SCRIPT_BOUNDS.memoryMb)}.`,
      default: `\`${SCRIPT_BOUNDS.memoryMb.default}\``,
      flag: 'script-memory',
      argument: 'mb',
    }),
  SCRIPT_CALLS_MAX: wholeNumber({ ...SCRIPT_BOUNDS.calls, what: 'a number of calls' })
    .optional()
    .register(docs, {
      description: `How many calls one script may make: ${range(SCRIPT_BOUNDS.calls)}.`,
      default: `\`${SCRIPT_BOUNDS.calls.default}\``,
      flag: 'script-calls',
      argument: 'n',
    }),
  LOG_LEVEL: z
    .string()
    .toLowerCase()
    .pipe(
      z.enum(LOG_LEVELS, {
        error: (issue) => `${quote(issue.input)} is not a log level. Use ${either(LOG_LEVELS)}.`,
      }),
    )
    .optional()
    .register(docs, {
      description: `What is logged, as JSON lines on stderr: ${LOG_LEVELS.map((level) => `\`${level}\``).join(', ')}.`,
      default: '`info`',
      flag: 'log-level',
      argument: 'level',
    }),
  ORCHESTRATOR_TOOLSETS: z
    .string()
    .transform((text, context) => {
      const names = text
        .split(',')
        .map((name) => name.trim().toLowerCase())
        .filter((name) => name !== '');
      const unknown = names.filter((name) => name !== 'all' && !isToolset(name));
      if (unknown.length === 0 && names.length > 0)
        return TOOLSETS.filter((toolset) => names.includes('all') || names.includes(toolset));
      context.addIssue(
        `${unknown.map(quote).join(', ') || quote(text)} is not a toolset. Use ${either([...TOOLSETS, 'all'])}.`,
      );
      return z.NEVER;
    })
    .optional()
    .register(docs, {
      description:
        `Which groups of tools are offered, separated by commas: ${[...TOOLSETS, 'all'].map((name) => `\`${name}\``).join(', ')}. ` +
        'A `.env` file cannot switch `servers` and `composition` on.',
      default: '`workflows`',
      flag: 'toolsets',
      argument: 'names',
    }),
});

export type VariableName = keyof typeof variablesSchema.shape;
export type VariableValues = z.infer<typeof variablesSchema>;

export const VARIABLE_NAMES = Object.keys(variablesSchema.shape) as readonly VariableName[];

export function describeVariable(name: VariableName): VariableDoc {
  return docs.get(variablesSchema.shape[name]) ?? { description: '' };
}

function isToolset(name: string): name is Toolset {
  return (TOOLSETS as readonly string[]).includes(name);
}

function aiProviderProblem(given: unknown): string {
  const choice = `Use ${either(AI_PROVIDERS)}.`;
  return given === 'sampling'
    ? `Deciding through MCP sampling is not in this release. ${choice}`
    : `${quote(given)} is not an AI provider. ${choice}`;
}

/** `a, b or c` */
function either(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

function range({ min, max }: { readonly min: number; readonly max: number }): string {
  return `${min} to ${max}`;
}
