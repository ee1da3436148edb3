/** What a campaign against the sandbox puts together: bundled, and sometimes with a planted defect. */

export { createQuickjsRunner } from '../../src/sandbox/quickjs-runner.ts';
