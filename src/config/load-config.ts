import { DEFAULT_LIMITS } from '../domain/limits.ts';
import { aiConfig } from './ai-config.ts';
import type { Config } from './config.ts';
import { databasePath, definitionDirs } from './places.ts';
import { configFault, type Inputs, type Problem, type Report } from './problems.ts';
import { scriptConfig } from './script-config.ts';
import { serversConfig } from './servers-config.ts';
import { gatherSettings, readDotEnv, type Settings, type Variables } from './sources.ts';
import { taskConfig } from './task-config.ts';
import { type VariableName, type VariableValues, variablesSchema } from './variables.ts';

export interface LoadConfigParams {
  /** What the command line says, by variable name. */
  readonly flags: Variables;
  /** The environment of the process. */
  readonly env: Variables;
  /** The working directory: relative paths start here, and `.env` is looked for here. */
  readonly cwd: string;
  /** The folder of this program, which holds the bundled `workflows`. */
  readonly packageRoot: string;
}

/**
 * Makes the configuration: flag, else environment, else `.env` file, else default.
 *
 * @throws Fault `CONFIG_INVALID` with all problems at once, in words for the person who starts the program
 */
export async function loadConfig({ flags, env, cwd, packageRoot }: LoadConfigParams): Promise<Config> {
  const problems: Problem[] = [];
  const report: Report = (variable, message) => problems.push({ variable, message });
  const dotEnv = await readDotEnv(cwd, report);
  const settings = gatherSettings({ flags, env, dotEnv });
  const values = wellFormed(settings, report);
  const inputs: Inputs = { values, settings, cwd, packageRoot, report };
  const config: Config = {
    definitionDirs: definitionDirs(inputs),
    databasePath: await databasePath(inputs),
    ai: aiConfig(inputs),
    tasks: taskConfig(inputs),
    servers: serversConfig(inputs),
    scripts: scriptConfig(inputs),
    logLevel: values.LOG_LEVEL ?? 'info',
    toolsets: values.ORCHESTRATOR_TOOLSETS ?? ['workflows'],
    limits: { ...DEFAULT_LIMITS },
  };
  if (problems.length > 0) throw configFault(problems, settings);
  return deepFreeze(config);
}

/** The values of the well-formed variables, so that the checks between them run whatever the others are. */
function wellFormed(settings: Settings, report: Report): VariableValues {
  const texts = Object.fromEntries(Object.entries(settings).map(([name, setting]) => [name, setting.text]));
  const parsed = variablesSchema.safeParse(texts);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    const name = issue.path[0] as VariableName;
    report(name, issue.message);
    delete texts[name];
  }
  return variablesSchema.parse(texts);
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) deepFreeze(member);
    Object.freeze(value);
  }
  return value;
}
