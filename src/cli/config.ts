import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { systemClock } from '../domain/clock.ts';
import { claudeCodeCommand, serverEntry, settingsWith, variablesOf } from './client-entry.ts';
import { CLIENT_NAMES, type Client, type ClientName, describeClient } from './clients.ts';
import type { CommandContext } from './command-context.ts';
import { flagsOf } from './global-flags.ts';
import { mergeServer, type ServerEntry } from './settings-file.ts';

interface ConfigOptions {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly write?: true;
  readonly file?: string;
  readonly json?: true;
}

export function createConfigCommand(context: CommandContext): Command {
  return new Command('config')
    .description('Print the entry that tells an MCP client of this server, or write it into its settings.')
    .addArgument(new Argument('<client>', 'the MCP client').choices(CLIENT_NAMES))
    .addOption(
      new Option('--name <name>', 'what the client calls the server')
        .default('orchestrator')
        .argParser(serverName),
    )
    .addOption(
      new Option('--env <KEY=VALUE>', 'a variable for the server; may be given several times')
        .default({}, 'none')
        .argParser(addVariable),
    )
    .option('--write', "merge the entry into the client's settings, keeping a backup")
    .option('--file <path>', 'the settings file, where it is not in its usual place')
    .option('--json', 'print JSON')
    .action(async (clientName: ClientName, options: ConfigOptions, command: Command) => {
      const { installation } = context;
      const client = describeClient(clientName, installation);
      const env = { ...(await variablesOfFlags(context, command)), ...options.env };
      const entry = serverEntry({ client, installation, env });
      const files = options.file === undefined ? filesInUse(client) : [resolve(options.file)];
      if (options.write === true) await writeEntry(context, { client, entry, files, options });
      else printEntry(context, { clientName, client, entry, files, options });
    });
}

interface Given {
  readonly client: Client;
  readonly entry: ServerEntry;
  readonly files: readonly string[];
  readonly options: ConfigOptions;
}

async function writeEntry(
  { terminal }: CommandContext,
  { client, entry, files, options }: Given,
): Promise<void> {
  const results = [];
  for (const file of files) {
    const { serversKey } = client;
    const result = await mergeServer({ file, serversKey, name: options.name, entry, now: systemClock.now() });
    results.push({ file, ...result });
  }
  if (options.json === true) return terminal.printJson({ files: results });
  const done = { added: 'was added to', updated: 'was updated in', none: 'is already in' };
  for (const { file, change, backup } of results) {
    terminal.print(`"${options.name}" ${done[change]} ${file}`);
    if (backup !== undefined) terminal.print(terminal.dim(`The file as it was: ${backup}`));
  }
  terminal.print(`Restart ${client.title} if it does not notice.`);
}

function printEntry(
  { terminal, installation }: CommandContext,
  { clientName, client, entry, files, options }: Given & { readonly clientName: ClientName },
): void {
  const settings = settingsWith(client, options.name, entry);
  if (options.json !== true) {
    if (clientName === 'claude-code') {
      terminal.print('Run this, or use the JSON below:\n');
      terminal.print(`${claudeCodeCommand(options.name, entry, installation.platform)}\n`);
    }
    terminal.print(`For ${files.join(' and ')} (--write puts it there):\n`);
  }
  terminal.printJson(settings);
}

/** The settings of each form of the client that is in use, else of the preferred one. */
function filesInUse({ places }: Client): readonly string[] {
  const inUse = places.filter(({ folder }) => existsSync(folder));
  return (inUse.length > 0 ? inUse : places.slice(0, 1)).map(({ file }) => file);
}

async function variablesOfFlags(context: CommandContext, command: Command): Promise<Record<string, string>> {
  const flags = flagsOf(command);
  // The environment of the person who types this is nothing to the client, so that it need not be valid either.
  return Object.keys(flags).length === 0 ? {} : variablesOf(flags, await context.loadConfig(flags));
}

/** Clients make the names of tools from it, which allow little else. */
function serverName(text: string): string {
  if (!/^[\w-]{1,64}$/.test(text)) throw new InvalidArgumentError('Use letters, digits, "-" and "_".');
  return text;
}

function addVariable(text: string, soFar: Readonly<Record<string, string>>): Record<string, string> {
  const [, key, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(text) ?? [];
  if (key === undefined || value === undefined) throw new InvalidArgumentError('Write it as KEY=VALUE.');
  return { ...soFar, [key]: value };
}
