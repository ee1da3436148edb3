import type { Logger } from '../domain/logger.ts';
import type { Timers } from '../domain/timers.ts';
import { unavailable } from './faults.ts';
import { type Guardian, startGuardian } from './guardian.ts';
import type { StdioServerSpec } from './hub.ts';
import { identifyProcess, type ProcessIdentity } from './process-identity.ts';
import { createMark } from './process-mark.ts';
import { createProcessRecord } from './process-records.ts';
import type { Quote } from './quote.ts';
import { type ServerProcess, startServerProcess } from './server-process.ts';

/** Starts the processes of servers so that none of them outlives this one for long, however it ends. */
export interface Supervisor {
  /** Throws `SERVER_UNAVAILABLE` if there is no such program. */
  start(params: StartParams): Promise<ServerProcess>;
  /** Ends all processes of a server; resolves within the time for that. */
  end(server: string): Promise<void>;
  /** Ends all processes, and starts none any more. */
  close(): Promise<void>;
}

export interface StartParams {
  readonly server: string;
  readonly spec: StdioServerSpec;
  /** Makes what the process says fit to be shown. */
  readonly quote: Quote;
}

export interface SupervisorParams {
  /** All that servers get of our environment. */
  readonly childEnv: Readonly<Record<string, string>>;
  /** Where the record of the processes is kept; without it there is none. */
  readonly stateFolder?: string;
  /** Milliseconds to end a process. */
  readonly endMs: number;
  readonly timers: Timers;
  readonly logger: Logger;
}

interface RunningServer {
  readonly server: string;
  readonly process: ServerProcess;
  /** Undefined until the system was asked. */
  identity?: ProcessIdentity;
}

export function createSupervisor({
  childEnv,
  stateFolder,
  endMs,
  timers,
  logger,
}: SupervisorParams): Supervisor {
  const mark = createMark();
  const record =
    stateFolder === undefined ? undefined : createProcessRecord({ folder: stateFolder, mark, logger });
  const running = new Map<number, RunningServer>();
  /** Those whose process is not there yet. */
  const starting = new Map<Promise<unknown>, string>();
  let started = 0;
  let isClosed = false;
  let guardian: Guardian | undefined;

  const writeRecord = () => record?.write([...running.values()].flatMap(({ identity }) => identity ?? []));

  /** Before the process exists, so that there is no moment in which it could be lost. */
  async function prepare(): Promise<void> {
    if (process.platform !== 'win32' && guardian?.isAlive() !== true) {
      guardian = startGuardian({ mark, env: childEnv, logger });
      for (const pid of running.keys()) guardian.watch(pid);
    }
    if (running.size === 0) await writeRecord();
  }

  async function tidyUp(): Promise<void> {
    if (running.size > 0 || starting.size > 0) return;
    guardian?.dismiss();
    guardian = undefined;
    await record?.remove();
  }

  async function supervise(server: string, child: ServerProcess): Promise<ServerProcess> {
    const { pid } = child;
    guardian?.watch(pid);
    const released = child.exited.then(async (how) => {
      running.delete(pid);
      guardian?.forget(pid);
      await tidyUp();
      return how;
    });
    const entry: RunningServer = { server, process: child };
    running.set(pid, entry);
    entry.identity = await identifyProcess(pid);
    if (running.has(pid)) await writeRecord();
    return { ...child, exited: released };
  }

  async function start({ server, spec, quote }: StartParams): Promise<ServerProcess> {
    if (isClosed)
      throw unavailable(server, 'cannot be started: this program is ending', { retryable: false });
    await prepare();
    started += 1;
    // The hyphen ends the number: the mark of 1 must not be the beginning of that of 12.
    const own = `${mark}-${started}-`;
    return supervise(
      server,
      await startServerProcess({ server, spec, childEnv, mark: own, quote, endMs, timers, logger }),
    );
  }

  async function end(isMeant: (server: string) => boolean): Promise<void> {
    await Promise.allSettled([...starting].flatMap(([process, name]) => (isMeant(name) ? [process] : [])));
    const ended = [...running.values()].filter((entry) => isMeant(entry.server));
    await Promise.all(ended.map(({ process }) => process.end()));
    await record?.settled();
  }

  return {
    start(params) {
      const process = start(params).finally(async () => {
        starting.delete(process);
        await tidyUp();
      });
      starting.set(process, params.server);
      return process;
    },
    end: (server) => end((name) => name === server),
    close() {
      isClosed = true;
      return end(() => true);
    },
  };
}
