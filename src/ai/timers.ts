export { systemTimers, type Timers } from '../domain/timers.ts';
