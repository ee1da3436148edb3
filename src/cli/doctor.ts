import { Command } from 'commander';
import type { Config } from '../config/config.ts';
import { childEnvironment } from '../domain/child-environment.ts';
import { Fault } from '../domain/errors.ts';
import { noServersNote } from '../domain/no-servers.ts';
import { findProgramProblem } from '../domain/program-search.ts';
import { AGENT_STATES } from '../domain/session.ts';
import type { ServersReport } from '../hub/inspect-servers.ts';
import type { DatabaseReport, SyncSpeed } from '../store/maintenance.ts';
import { type FoundClient, findClients } from './client-search.ts';
import type { CommandContext } from './command-context.ts';
import { flagsOf } from './global-flags.ts';
import { plain, type Terminal } from './terminal.ts';

/** One thing that was looked at; `trouble` makes the command end with exit code 1. */
interface Check {
  readonly name: 'settings' | 'database' | 'disk' | 'workflows' | 'tasks' | 'servers' | 'clients';
  readonly state: 'ok' | 'notice' | 'trouble';
  /** One sentence each, the most important first. */
  readonly findings: readonly string[];
}

export function createDoctorCommand(context: CommandContext): Command {
  const { terminal } = context;
  return new Command('doctor')
    .description(
      'Look for trouble: settings, database, disk, workflows, tasks, servers, MCP clients. Repairs nothing.',
    )
    .option('--json', 'print JSON')
    .action(async (options: { json?: true }, command: Command) => {
      const { config, check } = await checkSettings(context, command);
      const checks: Check[] = [check];
      let database: DatabaseReport | undefined;
      let disk: SyncSpeed | undefined;
      let servers: ServersReport | undefined;
      if (config !== undefined) {
        database = await context.inspectDatabase(config);
        checks.push(checkDatabase(database));
        disk = await context.measureSyncSpeed(config).catch(() => undefined);
        servers = await context.inspectServers(config);
        checks.push(
          checkDisk(disk),
          await checkWorkflows(context, config),
          await checkTasks(context, config),
          checkServers(config, servers),
        );
      }
      const clients = await findClients(context.installation);
      checks.push(checkClients(clients));
      if (checks.some(({ state }) => state === 'trouble')) context.outcome.exitCode = 1;
      if (options.json === true) terminal.printJson({ checks, database, disk, servers, clients });
      else printChecks(terminal, checks);
    });
}

async function checkSettings(
  context: CommandContext,
  command: Command,
): Promise<{ readonly config?: Config; readonly check: Check }> {
  try {
    const config = await context.loadConfig(flagsOf(command));
    const findings = [`The decider is "${config.ai.provider}".`];
    return { config, check: { name: 'settings', state: 'ok', findings } };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { check: { name: 'settings', state: 'trouble', findings: [error.message] } };
  }
}

function checkDatabase(report: DatabaseReport): Check {
  const { path, exists, problems, problemCount, pendingMigrations, unsealedEntries } = report;
  const name = 'database';
  if (!exists) return { name, state: 'ok', findings: [`The first start will create ${path}.`] };
  if (problemCount > 0) {
    const found = problems.map(({ instanceId, message }) =>
      instanceId === undefined ? message : `${instanceId}: ${message}`,
    );
    const more = problemCount > problems.length ? [`${problemCount - problems.length} more.`] : [];
    return {
      name,
      state: 'trouble',
      findings: [...found, ...more, `The file is ${path}; it was left as it is.`],
    };
  }
  const findings = [
    `${report.instances} runs, ${report.entries} history entries and ${report.definitions} definitions are as they were written to ${path}.`,
  ];
  if (pendingMigrations > 0) {
    const note = `The next start brings ${path} up to date; what is in it can be checked then.`;
    return { name, state: 'notice', findings: [note] };
  }
  if (unsealedEntries > 0)
    findings.push(`${unsealedEntries} entries are from before there were hashes, and could not be checked.`);
  return { name, state: unsealedEntries > 0 ? 'notice' : 'ok', findings };
}

/** Each step waits for one durable write. */
const SLOW_SYNC_MS = 20;

function checkDisk(speed: SyncSpeed | undefined): Check {
  const name = 'disk';
  if (speed === undefined)
    return { name, state: 'trouble', findings: ['A file beside the database could not be written.'] };
  const findings = [`A durable write takes ${speed.medianMs} ms, and 1 in 100 more than ${speed.p99Ms} ms.`];
  if (speed.medianMs <= SLOW_SYNC_MS) return { name, state: 'ok', findings };
  return { name, state: 'notice', findings: [...findings, 'That is slow; a local disk would be faster.'] };
}

async function checkWorkflows(context: CommandContext, config: Config): Promise<Check> {
  const name = 'workflows';
  try {
    const reports = [];
    for (const folder of config.definitionDirs) reports.push(await context.lintPath(folder));
    // The states of agents are kept beside the workflows, and nobody runs them.
    const names = reports.flatMap(({ workflows }) => workflows).filter((name) => name !== AGENT_STATES);
    const diagnostics = reports.flatMap((report) => report.diagnostics);
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    const warnings = diagnostics.length - errors.length;
    const findings = [
      `${names.length} workflows, ${errors.length} errors, ${warnings} warnings.`,
      ...errors.map((error) => context.formatDiagnostic(error)),
    ];
    return { name, state: errors.length > 0 ? 'trouble' : 'ok', findings };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { name, state: 'trouble', findings: [error.message] };
  }
}

/** Who judges what comes of tasks; the command is looked for, and not started. */
async function checkTasks({ installation }: CommandContext, { tasks }: Config): Promise<Check> {
  const name = 'tasks';
  if (tasks.verifyCommand === undefined)
    return { name, state: 'ok', findings: ['No command judges results; the AI provider does.'] };
  const [program] = tasks.verifyCommand;
  const problem = await findProgramProblem({ program, path: childEnvironment(installation.env).PATH });
  if (problem === undefined) return { name, state: 'ok', findings: [`${program} judges results.`] };
  const finding = `TASK_VERIFY_COMMAND: ${program} cannot be started: ${problem}.`;
  return { name, state: 'trouble', findings: [finding] };
}

/** The downstream ones; none is started. */
function checkServers({ servers: places }: Config, report: ServersReport | undefined): Check {
  const name = 'servers';
  if (report === undefined) {
    const state = places.unusedFile === undefined ? 'ok' : 'notice';
    return { name, state, findings: [noServersNote(places)] };
  }
  const { file, problem, servers, notes } = report;
  if (problem !== undefined) return { name, state: 'trouble', findings: [problem] };
  const used = servers.filter(({ disabled }) => !disabled);
  const missing = used.flatMap(({ name, missing, missingFolder }) => [
    ...(missing === undefined ? [] : [`${name}: there is no program ${missing}${argumentsIn(missing)}.`]),
    ...(missingFolder === undefined ? [] : [`${name}: there is no folder ${missingFolder}.`]),
  ]);
  const names = servers.map((server) => (server.disabled ? `${server.name} (disabled)` : server.name));
  const listed = servers.length === 0 ? `${file} lists none.` : `${names.join(', ')} in ${file}.`;
  const findings = [...missing, listed, ...notes];
  const state = missing.length > 0 ? 'trouble' : notes.length > 0 ? 'notice' : 'ok';
  return { name, state, findings };
}

function argumentsIn(command: string): string {
  return /\s/.test(command) ? '; arguments belong into "args"' : '';
}

function checkClients(clients: readonly FoundClient[]): Check {
  const findings = clients.flatMap(({ title, file, servers, problem }) => {
    if (problem !== undefined) return [`${title}: ${file} ${problem}`];
    if (servers.length === 0) return [`${title}: this program is not in ${file}.`];
    return servers.map(({ name, missing }) =>
      missing === undefined
        ? `${title}: "${name}" in ${file}.`
        : `${title}: "${name}" in ${file} starts ${missing}, which does not exist.`,
    );
  });
  const trouble = clients.some(
    ({ problem, servers }) => problem !== undefined || servers.some(({ missing }) => missing !== undefined),
  );
  const none = ['No MCP client was found; "orchestrator-mcp config <client>" prints what to tell one.'];
  return {
    name: 'clients',
    state: trouble ? 'trouble' : 'ok',
    findings: findings.length > 0 ? findings : none,
  };
}

function printChecks(terminal: Terminal, checks: readonly Check[]): void {
  for (const { name, state, findings } of checks) {
    const [first = '', ...rest] = findings;
    terminal.print(`${terminal.bold(state.padEnd(8))} ${name.padEnd(10)} ${plain(first)}`);
    for (const finding of rest) terminal.print(plain(`${' '.repeat(20)}${finding}`));
  }
}
