import { writeFile } from 'node:fs/promises';
import type { Git } from './scratch-repository.ts';

/** What a client tells about a step that it has carried out. */
export interface Outcome {
  readonly report: {
    readonly status: 'success' | 'failure';
    readonly result?: object;
    readonly error?: string;
  };
  readonly context_updates?: Readonly<Record<string, unknown>>;
  /** Only where the server left the choice to the client. */
  readonly next_step_name?: string;
  /** What it did, for the person who watches. */
  readonly did: string;
}

/** What a step's carrying out may know: the run's context. */
export type Context = Readonly<Record<string, unknown>>;

const MESSAGE = `fix(price): count the quantity of an item

Every item was counted once, however many of it were in the basket. An item
without a quantity still counts once.`;

/**
 * Carries out the steps of COMMIT_SUGGESTER as a model would, without one: the commands are really run, only the
 * words and choices are written down beforehand.
 */
export function createScriptedClient(
  git: Git,
  messageFile: string,
): Readonly<Record<string, (context: Context) => Promise<Outcome>>> {
  return {
    async check_staged_files() {
      const staged = lines(await git('diff', '--staged', '--name-only'));
      const [root, branch] = [
        await git('rev-parse', '--show-toplevel'),
        await git('branch', '--show-current'),
      ];
      return {
        did: `git diff --staged --name-only: ${staged.join(', ')}`,
        report: success({ staged_files: staged, unstaged_files: [] }),
        context_updates: { repository_root: root, branch, staged_files: staged },
      };
    },
    async get_staged_diffs() {
      const stat = lines(await git('diff', '--staged', '--stat')).at(-1) ?? '';
      const files = lines(await git('diff', '--staged', '--name-only')).length;
      const subjects = await git('log', '-n', '15', '--no-merges', '--format=%s');
      return {
        did: `git diff --staged: ${stat}`,
        report: success({ files_read: files, suspicious: [] }),
        context_updates: { diff_stat: stat, message_style: `scopes, such as "${subjects}"`, suspicious: [] },
      };
    },
    async analyze_changes() {
      const summary = 'An item with a quantity was counted once. The total now multiplies; a test shows it.';
      return {
        did: 'read the diff: a fix in price.js, and its test',
        report: success({ type: 'fix', scope: 'price', breaking: false, concerns: 2, summary }),
        context_updates: {
          change: { type: 'fix', scope: 'price', breaking: false },
          change_summary: summary,
          concerns: ['price.js: count the quantity', 'price.test.js: show it'],
          revision_request: 'nothing yet',
        },
        next_step_name: 'draft_message',
      };
    },
    async draft_message() {
      return {
        did: 'wrote the message',
        report: success({ subject: lines(MESSAGE)[0] }),
        context_updates: { commit_message: MESSAGE },
      };
    },
    async present_for_approval() {
      return { did: 'asked the user, who approves', report: success({ choice: 'approve' }) };
    },
    async make_commit(context) {
      await writeFile(messageFile, String(context.commit_message));
      await git('commit', '--quiet', '-F', messageFile);
      const commit = await git('rev-parse', 'HEAD');
      return { did: `git commit: ${commit.slice(0, 7)}`, report: success({ commit }) };
    },
    async verify_commit(context) {
      const [message, subject] = [
        await git('log', '-1', '--format=%B'),
        await git('log', '-1', '--format=%h %s'),
      ];
      const files = lines(await git('show', '--name-only', '--format=', 'HEAD'));
      const matches =
        message === context.commit_message && files.join() === (context.staged_files as string[]).join();
      return {
        did: `git log -1: ${subject}`,
        report: success({ matches }),
        context_updates: { commit_hash: await git('rev-parse', 'HEAD'), outcome: `Committed ${subject}.` },
      };
    },
  };
}

function success(result: object): Outcome['report'] {
  return { status: 'success', result };
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
