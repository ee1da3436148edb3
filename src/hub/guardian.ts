import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import type { Logger } from '../domain/logger.ts';

/**
 * Outlives this process by a moment, to end the servers that it leaves behind: a process that is killed can do nothing
 * any more, and not every server ends with its input. A shell, because it takes a hundredth of the memory of Node.
 */
export interface Guardian {
  /** False once it is gone, for whatever reason: then it guards nothing any more. */
  isAlive(): boolean;
  /** @param pid of a process group */
  watch(pid: number): void;
  forget(pid: number): void;
  /** It ends, and ends nothing else. */
  dismiss(): void;
}

/**
 * Reads `+ <group>`, `- <group>` and `.`, which dismisses it, until the pipe from this process is closed, however that
 * comes about. Then whoever is left gets half a second to see that its input has ended, one second after a SIGTERM,
 * and then SIGKILL.
 */
const SCRIPT = `
mark=$1
groups=' '
while read -r change group; do
  case $change in
    +) groups="$groups$group " ;;
    -) groups="\${groups%% $group *} \${groups#* $group }" ;;
    .) exit ;;
  esac
done
signal() {
  kill -s "$1" -- "$2" 2>/dev/null || kill -s "$1" "$2" 2>/dev/null
}
left() {
  grep -sl -e "$mark" /proc/[0-9]*/environ | cut -d / -f 3
  for group in $groups; do signal 0 "-$group" && echo "-$group"; done
}
send() {
  for target in $(left); do signal "$1" "$target"; done
}
await() {
  rounds=$1
  while [ -n "$(left)" ] && [ "$rounds" -gt 0 ]; do
    sleep 0.1 2>/dev/null || sleep 1
    rounds=$((rounds - 1))
  done
}
await 5
send TERM
await 10
send KILL
await 2
send KILL
`;

export interface GuardianParams {
  /** The beginning of the marks of all processes to be ended; see `process-mark.ts`. */
  readonly mark: string;
  readonly env: Readonly<Record<string, string>>;
  readonly logger: Logger;
}

export function startGuardian({ mark, env, logger }: GuardianParams): Guardian {
  // A session of its own: what kills this process together with its group does not reach it.
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'orchestrator-mcp-guardian', mark], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { ...env },
    cwd: '/',
  });
  let alive = true;
  const lose = (error?: unknown) => {
    if (alive) logger.debug('The guardian of the downstream servers is gone.', { error });
    alive = false;
  };
  shell.on('error', lose);
  shell.on('exit', () => lose());
  shell.stdin.on('error', lose);
  // It must not keep this process alive.
  shell.unref();
  if (shell.stdin instanceof Socket) shell.stdin.unref();
  const tell = (line: string) => {
    if (alive) shell.stdin.write(`${line}\n`);
  };
  return {
    isAlive: () => alive,
    watch: (pid) => tell(`+ ${pid}`),
    forget: (pid) => tell(`- ${pid}`),
    dismiss() {
      tell('.');
      alive = false;
      shell.stdin.end();
    },
  };
}
