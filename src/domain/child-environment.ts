/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What a program needs to find others, its user and its language; nothing that might be a secret. */
const ALLOWED =
  /^(?:PATH|PATHEXT|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|TEMP|TMP|SYSTEMROOT|SYSTEMDRIVE|WINDIR|COMSPEC|USERPROFILE|APPDATA|LOCALAPPDATA|PROGRAMDATA|PROGRAMFILES)$/i;

/** The part of an environment that a child process gets to see. */
export function childEnvironment(env: Environment): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value !== undefined && ALLOWED.test(name) ? [[name, value]] : [],
    ),
  );
}
