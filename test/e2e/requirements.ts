interface Requirement {
  /** The document that promises it. */
  readonly source: string;
  readonly sentence: string;
}

/** What the built program has to do, by id. Scenarios cite the ids of what they show; see `requirements.test.ts`. */
export const REQUIREMENTS = {
  // The files of a workflow
  'loose-files-run': {
    source: 'docs/guides/authoring.md',
    sentence: 'Folders with loose headings, loosely named steps and plain guidance load and run unchanged.',
  },
  'section-byte-for-byte': {
    source: 'docs/guides/authoring.md',
    sentence: 'A section reaches its reader byte for byte.',
  },
  'includes-expanded': {
    source: 'docs/guides/authoring.md',
    sentence:
      '{{file:...}} includes another file; what leads outside the folder is an error with file and line.',
  },
  'templates-filled': {
    source: 'docs/guides/authoring.md',
    sentence:
      '{{ context.a.b }} is filled in; a missing variable stays visible and is listed in missing_context.',
  },
  'front-matter-checked': {
    source: 'docs/guides/authoring.md',
    sentence: 'An unknown key of front matter is an error that suggests the nearest known one.',
  },
  'inputs-checked': {
    source: 'docs/guides/authoring.md',
    sentence: '`inputs` is the JSON Schema of the start context.',
  },
  'transitions-bind': {
    source: 'docs/guides/authoring.md',
    sentence: 'A step with transitions may only go to the steps that it lists, whoever decides.',
  },
  'report-schema-checked': {
    source: 'docs/guides/authoring.md',
    sentence: 'A report that does not fit report_schema is refused with what is wrong, and nothing changes.',
  },
  'max-visits-suspends': {
    source: 'docs/guides/authoring.md',
    sentence: 'One visit more than max_visits suspends the instance with the reason.',
  },
  'script-steps': {
    source: 'docs/guides/authoring.md',
    sentence:
      'A step with a script is carried out by the server, and what the script returns is the report, or a failure says why not.',
  },
  'script-steps-continue': {
    source: 'docs/guides/authoring.md',
    sentence:
      'A script step that was cut off goes on with the next call; where it may have done something, somebody looks first.',
  },
  'finish-words': {
    source: 'docs/guides/authoring.md',
    sentence: 'A step named FINISH gives the closing words.',
  },
  'broken-isolated': {
    source: 'docs/guides/authoring.md',
    sentence:
      'A broken workflow takes no other down: it is listed with its errors, and starting it returns them.',
  },
  'files-read-again': {
    source: 'docs/guides/authoring.md',
    sentence: 'Files are read again when they change.',
  },
  'nine-workflows': {
    source: 'docs/guides/authoring.md',
    sentence: 'Nine workflows ship, each driven from start to its end, failure branches included.',
  },

  // The engine
  'revision-and-token': {
    source: 'docs/concepts.md',
    sentence: 'Each committed transition adds 1 to the revision and mints a new step_token.',
  },
  'pinned-definition': {
    source: 'docs/concepts.md',
    sentence: 'An instance keeps the version that it started with when files change or vanish.',
  },
  'definition-changed': { source: 'docs/concepts.md', sentence: 'Status shows definition_changed.' },
  'adopt-definition': {
    source: 'docs/concepts.md',
    sentence:
      'resume_workflow with adopt_definition moves the instance to the current version, and only that.',
  },
  'unknown-instance': { source: 'docs/concepts.md', sentence: 'An unknown instance is INSTANCE_NOT_FOUND.' },
  'finished-again': {
    source: 'docs/concepts.md',
    sentence: 'A finished instance gives its final answer again, with no new history.',
  },
  'repeat-by-request-id': {
    source: 'docs/concepts.md',
    sentence: 'A call whose request_id was seen is answered with the stored answer and moves nothing.',
  },
  'repeat-by-step-token': {
    source: 'docs/concepts.md',
    sentence: 'A call with the step_token of the last transition and the same report is a repeat.',
  },
  'repeat-by-step-id': {
    source: 'docs/concepts.md',
    sentence:
      'A call whose report.step_id is that of the last transition, with the same report, is a repeat.',
  },
  'repeat-at-once': {
    source: 'docs/concepts.md',
    sentence: 'Two identical calls at once are one decision with the same answer.',
  },
  'request-id-reused': {
    source: 'docs/concepts.md',
    sentence: 'A used request_id with another report is REQUEST_ID_REUSED.',
  },
  'stale-step': {
    source: 'docs/concepts.md',
    sentence:
      'A stale token or another step is STALE_STEP, with the current step, its token, and the advice to resume.',
  },
  'one-winner': {
    source: 'docs/concepts.md',
    sentence: 'Of two different reports racing, exactly one wins, and the other gets STALE_STEP.',
  },
  'size-limits': {
    source: 'docs/concepts.md',
    sentence: 'What is too large is refused with TOO_LARGE before anything else happens.',
  },
  'context-merged': {
    source: 'docs/concepts.md',
    sentence: "The client's updates and then the decision's are merged into the context, the later wins.",
  },
  'failed-decision-moves-nothing': {
    source: 'docs/concepts.md',
    sentence:
      'If deciding fails, step, status and revision stay, the attempt is in history, and a retry works.',
  },
  'resume-in-sync': {
    source: 'docs/guides/recover.md',
    sentence: 'A belief that is the stored step gets the instructions again, or with a report, an advance.',
  },
  'resume-answer-lost': {
    source: 'docs/guides/recover.md',
    sentence:
      'A belief that is the step of the last transition, with the same report or none, gets the lost answer.',
  },
  'resume-options': {
    source: 'docs/guides/recover.md',
    sentence: 'Any other belief is reconciled; where the client decides, it gets the options.',
  },
  'resume-suspended': { source: 'docs/guides/recover.md', sentence: 'A suspended instance runs again.' },
  'survives-kill': {
    source: 'README.md',
    sentence:
      'kill -9 between any two calls, or in one, loses no acknowledged transition, and the run goes on.',
  },

  // Deciding
  'transitions-first': {
    source: 'docs/guides/deciders.md',
    sentence: 'Declared transitions decide without asking anyone.',
  },
  'gemini-decides': {
    source: 'docs/guides/deciders.md',
    sentence: 'AI_PROVIDER=gemini asks Gemini, with the allowed names as an enum.',
  },
  'openai-decides': {
    source: 'docs/guides/deciders.md',
    sentence: 'AI_PROVIDER=openai asks any OpenAI-compatible endpoint.',
  },
  'client-decides': {
    source: 'docs/guides/deciders.md',
    sentence: 'By default the client decides: it gets guidance and options, and passes next_step_name.',
  },
  'decision-required': {
    source: 'docs/guides/deciders.md',
    sentence: 'Where the client decides and does not, it gets DECISION_REQUIRED and the options.',
  },
  'described-well-enough': {
    source: 'README.md',
    sentence:
      'A model that knows nothing but instructions and descriptions can walk a branching workflow to its end.',
  },
  'stub-follows-guidance': {
    source: 'docs/guides/deciders.md',
    sentence: 'The stub follows simple guidance sentences, deterministically.',
  },
  'stub-plays-script': {
    source: 'docs/guides/deciders.md',
    sentence: 'The stub plays the decisions of STUB_AI_SCRIPT.',
  },
  'failure-codes': {
    source: 'docs/architecture.md',
    sentence:
      'Each class of failure of a provider has its code, and says whether and when a retry makes sense.',
  },
  'decision-recorded': {
    source: 'docs/guides/deciders.md',
    sentence:
      'Provider, model, tokens, latency, prompt hash, candidates and reasoning are in the history entry.',
  },

  // MCP
  'both-eras': {
    source: 'docs/reference/tools.md',
    sentence: 'Clients on SDK 1.x, and on 2.x with 2026-07-28, do everything that the tools offer.',
  },
  'output-schemas': {
    source: 'docs/reference/tools.md',
    sentence: 'Every tool has an outputSchema, and every result, failures included, fits it.',
  },
  'truthful-annotations': {
    source: 'docs/guides/authoring.md',
    sentence:
      'Tools that may run scripts of steps say that these may be destructive, where there may be servers to call.',
  },
  'structured-equals-text': {
    source: 'docs/reference/tools.md',
    sentence: 'Results carry structuredContent and the same as JSON text.',
  },
  'typed-errors': {
    source: 'docs/reference/tools.md',
    sentence:
      'Expected failures are results with isError, a code, a message, retryable, and what to do next.',
  },
  'resources-served': {
    source: 'docs/reference/tools.md',
    sentence: 'Definitions, graphs, instances, histories and the authoring guide are resources.',
  },
  'completions-served': {
    source: 'docs/reference/tools.md',
    sentence: 'Names, ids and enumerated inputs are completed.',
  },
  'updates-announced': {
    source: 'docs/reference/tools.md',
    sentence: 'Subscribers hear of updated resources, and of lists that changed.',
  },
  'workflows-are-prompts': {
    source: 'docs/reference/tools.md',
    sentence: 'Every workflow is a prompt whose arguments are its inputs.',
  },
  'short-instructions': {
    source: 'docs/reference/tools.md',
    sentence: "The server's instructions have under 150 words.",
  },
  'stops-when-cancelled': {
    source: 'docs/reference/tools.md',
    sentence: 'A call that is cancelled before its commit stops, and moves nothing.',
  },
  'reports-progress': { source: 'docs/reference/tools.md', sentence: 'Long calls report progress.' },
  'pages-listings': {
    source: 'docs/reference/tools.md',
    sentence: 'Listings are paged by limit and cursor, and filtered.',
  },

  // Agent sessions
  'session-walks': {
    source: 'docs/guides/agent-sessions.md',
    sentence:
      'A session goes from state to state as these declare; each answer says what to do in the new one, with the task data filled in.',
  },
  'session-transitions-bind': {
    source: 'docs/guides/agent-sessions.md',
    sentence: 'A transition that the state does not declare is refused, with those that it does.',
  },
  'session-repeats': {
    source: 'docs/guides/agent-sessions.md',
    sentence: 'A transition that is asked for twice happens once; so does a message with a request_id.',
  },
  'session-remembers': {
    source: 'docs/guides/agent-sessions.md',
    sentence:
      'State, conversation, task data, knowledge and history are there after kill -9, and in every other process.',
  },
  'session-knowledge-searched': {
    source: 'docs/guides/agent-sessions.md',
    sentence: 'Knowledge is found by words.',
  },
  'session-bounds': {
    source: 'docs/guides/agent-sessions.md',
    sentence: 'What is too large is refused, and an unknown key is answered with those that there are.',
  },
  'session-states-are-files': {
    source: 'docs/guides/agent-sessions.md',
    sentence: 'A new state is a new file: sessions that run see it without a restart.',
  },
  'session-broken-states': {
    source: 'docs/guides/agent-sessions.md',
    sentence: 'States with errors take no session down: it goes on by the version that it had.',
  },
  'session-resources-served': {
    source: 'docs/guides/agent-sessions.md',
    sentence: 'The current state, the history and the prompt of each state are resources, with completions.',
  },
  'session-prompts-served': {
    source: 'docs/guides/agent-sessions.md',
    sentence: 'Every state is a prompt; an argument that is left out comes from the task data of that name.',
  },
  'session-updates-announced': {
    source: 'docs/guides/agent-sessions.md',
    sentence: 'Subscribers hear of each transition of the session that they watch.',
  },
  'sessions-are-not-workflows': {
    source: 'docs/guides/agent-sessions.md',
    sentence: 'AGENT_STATES is no workflow that is listed or started, and its runs are not listed.',
  },
  'agent-toolset-off': {
    source: 'docs/guides/agent-sessions.md',
    sentence: 'Where the toolset is not switched on, nothing of it is shown.',
  },

  // Persistence
  'several-processes': {
    source: 'docs/architecture.md',
    sentence: 'Several server processes on one database file serve several clients at once.',
  },
  'starts-at-once': {
    source: 'docs/architecture.md',
    sentence: 'Migrations are applied safely when several processes start at once on a new file.',
  },
  'newer-database-refused': {
    source: 'docs/architecture.md',
    sentence: 'A database from a newer version is refused with a clear error and left untouched.',
  },

  // The task queue
  'task-lifecycle': {
    source: 'docs/guides/task-queue.md',
    sentence: 'A task is added, taken, completed or failed, and retried until max_attempts are used up.',
  },
  'task-repeats': {
    source: 'docs/guides/task-queue.md',
    sentence: 'Adding with a request_id, completing and failing are safe to repeat.',
  },
  'task-batches': {
    source: 'docs/guides/task-queue.md',
    sentence: 'A batch is done in full or not at all, and the refusal names what is wrong with which item.',
  },
  'task-resources': {
    source: 'docs/reference/tools.md',
    sentence: 'The queue, its statistics and its tasks by status are resources; the status is completed.',
  },
  'task-updates': {
    source: 'docs/guides/task-queue.md',
    sentence: 'Subscribers hear of changes of the queue, also of those that other processes make.',
  },
  'one-claim': {
    source: 'docs/guides/task-queue.md',
    sentence: 'Two workers, in whatever processes, never get the same task.',
  },
  'lease-gives-back': {
    source: 'docs/guides/task-queue.md',
    sentence: 'The task of a worker that died can be taken once its lease has ended.',
  },
  'fencing-guards': {
    source: 'docs/guides/task-queue.md',
    sentence: 'Whoever lost a task cannot end it: an old fencing_token is LEASE_LOST.',
  },
  'orchestrator-counts': {
    source: 'docs/guides/task-queue.md',
    sentence: 'run_orchestrator does, verifies and retries pending tasks, and counts what came of them.',
  },
  'orchestrator-progress': {
    source: 'docs/guides/task-queue.md',
    sentence: 'run_orchestrator reports its progress, in numbers that grow.',
  },
  'orchestrator-stops': {
    source: 'docs/guides/task-queue.md',
    sentence: 'A run that is cancelled, or whose client goes away, gives the task in hand back.',
  },
  'workflow-tasks': {
    source: 'docs/guides/task-queue.md',
    sentence: 'A task with a workflow_name is done by a run of that workflow.',
  },
  'verify-command': {
    source: 'docs/guides/task-queue.md',
    sentence: 'A command judges results if it is configured, and gets to see no key.',
  },
  'verify-command-from-env': {
    source: 'docs/reference/configuration.md',
    sentence: 'A .env file cannot set TASK_VERIFY_COMMAND.',
  },
  'breaker-stops': {
    source: 'docs/guides/task-queue.md',
    sentence: 'Too many failures in a row stop the runs of all workers, also across a restart.',
  },
  'model-required': {
    source: 'docs/guides/task-queue.md',
    sentence: 'Without an AI provider run_orchestrator is MODEL_REQUIRED, and all else works.',
  },
  'work-drains': {
    source: 'docs/guides/task-queue.md',
    sentence: 'Several workers empty one queue, each task completed once, also if some are killed.',
  },
  'tasks-call-tools': {
    source: 'docs/guides/task-queue.md',
    sentence: 'Tasks, and the steps of their workflows, are done with the tools of downstream servers.',
  },
  'tasks-tools-bounded': {
    source: 'docs/guides/task-queue.md',
    sentence:
      'For a task no tool is called that is denied or to be asked about; a model that goes round in circles has failed.',
  },

  // Downstream servers and scripts
  'servers-by-tools': {
    source: 'docs/guides/downstream-servers.md',
    sentence: 'Servers of the configuration are listed, started, called and stopped by tools.',
  },
  'server-clients': {
    source: 'docs/guides/downstream-servers.md',
    sentence: 'A client is a name for the use of a server; where a name is asked for, either will do.',
  },
  'sloppy-servers': {
    source: 'docs/guides/downstream-servers.md',
    sentence: 'Servers with Content-Length headers, and a loose hand with the schema, work.',
  },
  'server-failures': {
    source: 'docs/guides/downstream-servers.md',
    sentence: 'A call that fails has a code, and names server and tool; the server is started anew.',
  },
  'images-shown': {
    source: 'docs/guides/downstream-servers.md',
    sentence: 'Images of a tool are shown to the model as images.',
  },
  'unlisted-servers': {
    source: 'docs/guides/downstream-servers.md',
    sentence: 'A command that is not configured is refused, unless the operator allows all of them.',
  },
  'unlisted-from-env': {
    source: 'docs/reference/configuration.md',
    sentence:
      'A .env file cannot turn ORCHESTRATOR_ALLOW_UNLISTED_SERVERS on, name the servers, or offer the tools that start them.',
  },
  'list-from-env': {
    source: 'docs/guides/downstream-servers.md',
    sentence:
      'A list that merely lies in the working directory counts only where the environment offers the tools that start servers.',
  },
  'tool-policies': {
    source: 'docs/guides/downstream-servers.md',
    sentence:
      'A denied tool is called by nobody, and one to ask about only if a person at the client says yes.',
  },
  'children-see-little': {
    source: 'docs/guides/downstream-servers.md',
    sentence: 'A server sees what its entry gives it and the likes of PATH, and no other variable.',
  },
  'no-process-left': {
    source: 'docs/guides/downstream-servers.md',
    sentence: 'Whichever way our server ends, no downstream process is left.',
  },
  'downstream-off': {
    source: 'docs/guides/downstream-servers.md',
    sentence: 'Where the toolsets are not switched on, nothing of them is shown or loaded.',
  },
  'doctor-sees-servers': {
    source: 'docs/guides/downstream-servers.md',
    sentence: 'doctor says what the list of servers looks like, and starts none.',
  },
  'scripts-compose': {
    source: 'docs/guides/scripts.md',
    sentence:
      'A script calls the tools of all servers, with loops, conditions, at the same time, and catches errors.',
  },
  'scripts-documented': {
    source: 'docs/guides/scripts.md',
    sentence: 'The functions of scripts are listed, searched, and documented as TypeScript.',
  },
  'scripts-fail-in-words': {
    source: 'docs/guides/scripts.md',
    sentence: 'A script that fails says why and at which of its lines, and which tool it was.',
  },
  'scripts-repeat': {
    source: 'docs/guides/scripts.md',
    sentence: 'The same code under the same run_id gives the stored result; other code is RUN_ID_REUSED.',
  },
  'scripts-continue': {
    source: 'docs/guides/scripts.md',
    sentence: 'A script that was cut off goes on, in whatever process, and repeats no call that is done.',
  },
  'scripts-in-doubt': {
    source: 'docs/guides/scripts.md',
    sentence: 'A call that may have happened is not made again, unless its tool says that it may be.',
  },
  'scripts-bounded': {
    source: 'docs/guides/scripts.md',
    sentence: 'Time, computing, memory and calls of a script are bounded, and the bounds can be set.',
  },
  'scripts-told-and-stopped': {
    source: 'docs/guides/scripts.md',
    sentence: 'A script tells its progress, and stops when its caller gives up or goes away.',
  },

  // Configuration and the process
  'all-problems-at-once': {
    source: 'docs/reference/configuration.md',
    sentence: 'All problems of the configuration are reported at once, with the variable, and exit code 2.',
  },
  'key-stays-secret': {
    source: 'docs/reference/configuration.md',
    sentence: 'The key is never logged, never stored, never answered.',
  },
  'any-working-directory': {
    source: 'docs/reference/configuration.md',
    sentence:
      'Started anywhere by absolute path, with stdin and stdout alone, it works and finds its runs again.',
  },
  'stdout-is-protocol': {
    source: 'docs/reference/configuration.md',
    sentence: 'stdout carries JSON-RPC only, whatever comes in; the next valid request is answered.',
  },
  'ends-with-its-client': {
    source: 'docs/architecture.md',
    sentence: 'The server ends when stdin ends, also in the middle of a call, and on SIGTERM.',
  },
  'commands-see-runs': {
    source: 'docs/reference/cli.md',
    sentence:
      'list, status, history and lint show what the server serves, and --json what a program may read.',
  },
} as const satisfies Readonly<Record<string, Requirement>>;

export type RequirementId = keyof typeof REQUIREMENTS;
