/** What `spawn` is called with. */
export interface CommandLine {
  readonly file: string;
  readonly args: readonly string[];
  /** The arguments are quoted already; Windows only. */
  readonly windowsVerbatimArguments?: boolean;
}

export interface CommandLineParams {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly platform: NodeJS.Platform;
}

/** What has a meaning to `cmd.exe`. */
const META = /[()\][%!^"`<>&|;, *?]/g;

/** Windows starts only `.exe` files by itself: `npx` and its like are scripts, which are for `cmd.exe`. */
export function commandLine({ command, args, env, platform }: CommandLineParams): CommandLine {
  if (platform !== 'win32' || /\.(?:exe|com)$/i.test(command)) return { file: command, args };
  const line = [command.replace(META, '^$&'), ...args.map(quoteForCmd)].join(' ');
  return {
    file: env.COMSPEC ?? env.ComSpec ?? 'cmd.exe',
    args: ['/d', '/s', '/c', `"${line}"`],
    windowsVerbatimArguments: true,
  };
}

/** Backslashes count only in front of a quotation mark; carets keep `cmd.exe` from reading the rest. */
function quoteForCmd(arg: string): string {
  const escaped = arg.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1');
  return `"${escaped}"`.replace(META, '^$&');
}
