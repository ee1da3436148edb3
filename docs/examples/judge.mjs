// Judges what came of a task: exit code 0 accepts; else what is printed is the feedback for the next attempt.
import { readFileSync } from 'node:fs';

const { task, result } = JSON.parse(readFileSync(0, 'utf8'));
const words = String(result).split(/\s+/).length;
if (words > 100) {
  console.log(`${task.id} has ${words} words; 100 are enough.`);
  process.exitCode = 1;
}
