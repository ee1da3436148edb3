import type { Engine } from './engine.ts';

/**
 * An engine that is opened by its first use: a server can say what it offers before it has loaded what that takes.
 * What goes wrong in opening is thrown by every call; the next one tries again.
 */
export function deferEngine(open: () => Promise<Engine>): Engine & { warmUp(): Promise<void> } {
  let opening: Promise<Engine> | undefined;
  const waiting = new Set<(engine: Engine) => void>();
  const opened = (): Promise<Engine> => {
    opening ??= open().then(
      (engine) => {
        for (const subscribe of waiting) subscribe(engine);
        waiting.clear();
        return engine;
      },
      (error: unknown) => {
        opening = undefined;
        throw error;
      },
    );
    return opening;
  };
  /** Subscribes at once or when the engine is there; nothing happens before that. */
  const whenOpened = (subscribe: (engine: Engine) => () => void): (() => void) => {
    let stop = () => {};
    let stopped = false;
    const connect = (engine: Engine) => {
      if (!stopped) stop = subscribe(engine);
    };
    if (opening === undefined) waiting.add(connect);
    else void opening.then(connect, () => waiting.add(connect));
    return () => {
      stopped = true;
      waiting.delete(connect);
      stop();
    };
  };
  return {
    start: async (params, options) => (await opened()).start(params, options),
    advance: async (params, options) => (await opened()).advance(params, options),
    resume: async (params, options) => (await opened()).resume(params, options),
    cancel: async (params) => (await opened()).cancel(params),
    status: async (params) => (await opened()).status(params),
    pinnedDefinition: async (params) => (await opened()).pinnedDefinition(params),
    history: async (params) => (await opened()).history(params),
    recentHistory: async (params) => (await opened()).recentHistory(params),
    findRequest: async (params) => (await opened()).findRequest(params),
    listWorkflows: async (params) => (await opened()).listWorkflows(params),
    listInstances: async (params) => (await opened()).listInstances(params),
    findWorkflow: async (name) => (await opened()).findWorkflow(name),
    workflowNames: async () => (await opened()).workflowNames(),
    completeInstanceId: async (prefix, limit) => (await opened()).completeInstanceId(prefix, limit),
    findSession: async (sessionId) => (await opened()).findSession(sessionId),
    openSession: async (sessionId) => (await opened()).openSession(sessionId),
    completeSessionId: async (prefix, limit) => (await opened()).completeSessionId(prefix, limit),
    onInstanceChange: (listener) => whenOpened((engine) => engine.onInstanceChange(listener)),
    onWorkflowsChange: (listener) => whenOpened((engine) => engine.onWorkflowsChange(listener)),
    warmUp: async () => {
      await opened();
    },
  };
}
